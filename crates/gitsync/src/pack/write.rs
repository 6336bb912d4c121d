//! Writing a pack: whole objects, or deltas against objects that the other side has.

use super::{REF_DELTA, delta, number};
use crate::object::Object;
use flate2::{Compression, write::ZlibEncoder};
use git2::Oid;
use sha1::{Digest, Sha1};
use std::io::Write;

/// What an object of the pack may be told against.
pub(crate) struct Delta<'a> {
    pub(crate) base: Oid,
    pub(crate) data: &'a [u8],
}

/// A pack of version 2.
pub(crate) fn write(objects: &[(&Object, Option<Delta<'_>>)]) -> Vec<u8> {
    let mut pack = b"PACK\0\0\0\x02".to_vec();
    let count = u32::try_from(objects.len()).expect("a commit's few objects");
    pack.extend_from_slice(&count.to_be_bytes());
    for (object, base) in objects {
        write_object(&mut pack, object, base.as_ref());
    }
    let checksum = Sha1::digest(&pack);
    pack.extend_from_slice(&checksum);
    pack
}

/// Whichever is shorter, the delta or the object.
fn write_object(pack: &mut Vec<u8>, object: &Object, base: Option<&Delta<'_>>) {
    let whole = zlib(&object.data);
    let delta = base.map(|base| (base, delta::make(base.data, &object.data)));
    match delta.map(|(base, delta)| (base, delta.len(), zlib(&delta))) {
        Some((base, length, packed)) if packed.len() + 20 < whole.len() => {
            write_header(pack, REF_DELTA, length);
            pack.extend_from_slice(base.base.as_bytes());
            pack.extend_from_slice(&packed);
        }
        _ => {
            write_header(pack, number(object.kind), object.data.len());
            pack.extend_from_slice(&whole);
        }
    }
}

/// The type and four bits of the length, then seven bits a byte.
fn write_header(pack: &mut Vec<u8>, kind: u8, length: usize) {
    let mut rest = length >> 4;
    let mut byte = (kind << 4) | u8::try_from(length & 0xf).expect("four bits");
    while rest > 0 {
        pack.push(0x80 | byte);
        byte = u8::try_from(rest & 0x7f).expect("seven bits");
        rest >>= 7;
    }
    pack.push(byte);
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder
        .write_all(data)
        .and_then(|()| encoder.finish())
        .expect("writing to memory")
}
