//! Reading a pack that a server sent. Nothing in it is believed: sizes are bounded before memory
//! is taken, and every object goes by the hash of what it holds.

use super::{BLOB, CHECKSUM, COMMIT, OFS_DELTA, REF_DELTA, TAG, TREE, delta};
use crate::object::{Kind, Object};
use flate2::{Decompress, FlushDecompress, Status};
use git2::Oid;
use sha1::{Digest, Sha1};
use std::collections::HashMap;

/// How much of a pack is taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes as sent.
    pub(crate) packed: usize,
    /// Bytes of one object.
    pub(crate) object: usize,
    /// Bytes of all objects, deltas included.
    pub(crate) total: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            packed: 64 << 20,
            object: 32 << 20,
            total: 256 << 20,
        }
    }
}

/// What is wrong with a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// It holds more than the limits allow.
    TooLarge,
    /// It is no pack; the text says where.
    Damaged(&'static str),
}

type Result<T> = std::result::Result<T, Flaw>;

/// A delta as it stands in the pack.
struct Delta {
    offset: usize,
    base: Base,
    data: Vec<u8>,
}

enum Base {
    /// What stands at an earlier offset.
    Earlier(usize),
    /// An object by name, anywhere in the pack.
    Named(Oid),
}

/// What has been read so far.
struct Reader<'a> {
    body: &'a [u8],
    at: usize,
    limits: &'a Limits,
    /// Bytes that may still be taken.
    budget: usize,
    objects: HashMap<Oid, Object>,
    at_offset: HashMap<usize, Oid>,
}

/// The objects of a pack, by their own hashes. Deltas against objects outside of it are damage,
/// because such a pack is only sent to those who ask for it.
pub(crate) fn read(pack: &[u8], limits: &Limits) -> Result<HashMap<Oid, Object>> {
    let (body, count) = open(pack, limits)?;
    let mut reader = Reader {
        body,
        at: 12,
        limits,
        budget: limits.total,
        objects: HashMap::new(),
        at_offset: HashMap::new(),
    };
    let mut deltas = Vec::new();
    for _ in 0..count {
        deltas.extend(reader.entry()?);
    }
    if reader.at != body.len() {
        return Err(Flaw::Damaged("bytes after the last object"));
    }
    reader.resolve(deltas)?;
    Ok(reader.objects)
}

/// What stands between head and checksum, and how many objects that are.
fn open<'a>(pack: &'a [u8], limits: &Limits) -> Result<(&'a [u8], u32)> {
    if pack.len() > limits.packed {
        return Err(Flaw::TooLarge);
    }
    let end = pack.len().checked_sub(CHECKSUM).ok_or(CUT_OFF)?;
    let (body, checksum) = pack.split_at(end);
    let (signature, count) = body
        .first_chunk::<12>()
        .and_then(|head| Some((head.first_chunk::<8>()?, head.last_chunk::<4>()?)))
        .ok_or(CUT_OFF)?;
    if signature != b"PACK\0\0\0\x02" {
        return Err(Flaw::Damaged("no pack of version 2"));
    }
    if Sha1::digest(body)[..] != *checksum {
        return Err(Flaw::Damaged("its checksum is another"));
    }
    Ok((body, u32::from_be_bytes(*count)))
}

const CUT_OFF: Flaw = Flaw::Damaged("cut off");

impl Reader<'_> {
    /// Reads the next entry: an object is kept, a delta handed back.
    fn entry(&mut self) -> Result<Option<Delta>> {
        let offset = self.at;
        let (kind, size) = self.header()?;
        let kind = match kind {
            COMMIT => Ok(Kind::Commit),
            TREE => Ok(Kind::Tree),
            BLOB => Ok(Kind::Blob),
            TAG => Ok(Kind::Tag),
            OFS_DELTA => Err(Base::Earlier(self.base_offset(offset)?)),
            REF_DELTA => Err(Base::Named(self.base_name()?)),
            _ => return Err(Flaw::Damaged("an object of no known kind")),
        };
        let data = self.inflate(size)?;
        match kind {
            Ok(kind) => {
                self.keep(offset, Object { kind, data });
                Ok(None)
            }
            Err(base) => Ok(Some(Delta { offset, base, data })),
        }
    }

    fn keep(&mut self, offset: usize, object: Object) {
        let id = object.id();
        self.at_offset.insert(offset, id);
        self.objects.insert(id, object);
    }

    /// Servers put bases first, so that one pass is the rule; where deltas come before their
    /// bases each further pass places at least one, and the cap stops a crafted pack.
    fn resolve(&mut self, mut deltas: Vec<Delta>) -> Result<()> {
        for _pass in 0..64 {
            let mut waiting = Vec::new();
            for delta in deltas {
                if !self.place(&delta)? {
                    waiting.push(delta);
                }
            }
            if waiting.is_empty() {
                return Ok(());
            }
            deltas = waiting;
        }
        Err(Flaw::Damaged("a delta without its base"))
    }

    /// Applies a delta whose base is there.
    fn place(&mut self, delta: &Delta) -> Result<bool> {
        let base = match &delta.base {
            Base::Earlier(offset) => self.at_offset.get(offset),
            Base::Named(id) => Some(id),
        };
        let Some(base) = base.and_then(|id| self.objects.get(id)) else {
            return Ok(false);
        };
        let limit = self.limits.object.min(self.budget);
        let data = delta::apply(&base.data, &delta.data, limit)
            .ok_or(Flaw::Damaged("a delta that does not fit"))?;
        let kind = base.kind;
        self.budget -= data.len();
        self.keep(delta.offset, Object { kind, data });
        Ok(true)
    }

    fn next(&mut self) -> Result<u8> {
        let byte = self.body.get(self.at).ok_or(CUT_OFF)?;
        self.at += 1;
        Ok(*byte)
    }

    fn header(&mut self) -> Result<(u8, usize)> {
        let first = self.next()?;
        let mut size = usize::from(first & 0xf);
        let mut more = first & 0x80 != 0;
        let mut shift = 4;
        while more {
            let byte = self.next()?;
            if shift > usize::BITS - 8 {
                return Err(Flaw::TooLarge);
            }
            size |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            more = byte & 0x80 != 0;
        }
        Ok(((first >> 4) & 7, size))
    }

    /// Where the base is: the way back, seven bits a byte, the highest first, each further byte
    /// adding one.
    fn base_offset(&mut self, offset: usize) -> Result<usize> {
        let wrong = Flaw::Damaged("a delta against nothing");
        let mut byte = self.next()?;
        let mut back = usize::from(byte & 0x7f);
        while byte & 0x80 != 0 {
            byte = self.next()?;
            back = (back + 1).checked_mul(0x80).ok_or(wrong)? | usize::from(byte & 0x7f);
        }
        offset.checked_sub(back).filter(|_| back > 0).ok_or(wrong)
    }

    fn base_name(&mut self) -> Result<Oid> {
        let bytes = self.body[self.at..].first_chunk::<20>().ok_or(CUT_OFF)?;
        self.at += bytes.len();
        Oid::from_bytes(bytes).map_err(|_| CUT_OFF)
    }

    /// Exactly `size` bytes: a stream that holds more or less is damage. One byte of room beyond
    /// them shows the end of the stream, and there is no more for a bomb.
    fn inflate(&mut self, size: usize) -> Result<Vec<u8>> {
        if size > self.limits.object || size > self.budget {
            return Err(Flaw::TooLarge);
        }
        self.budget -= size;
        let damaged = Flaw::Damaged("an object that cannot be decompressed");
        let mut stream = Decompress::new(true);
        let mut data = Vec::with_capacity(size + 1);
        let input = &self.body[self.at..];
        let status = stream.decompress_vec(input, &mut data, FlushDecompress::Finish);
        self.at += usize::try_from(stream.total_in()).map_err(|_| damaged)?;
        let complete = matches!(status, Ok(Status::StreamEnd)) && data.len() == size;
        complete.then_some(data).ok_or(damaged)
    }
}
