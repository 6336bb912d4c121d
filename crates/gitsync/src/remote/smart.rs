//! Git's own protocol: version 2 to read (git: gitprotocol-v2), version 0 to push
//! (git: gitprotocol-pack), over whatever carries it.
//!
//! Objects are asked for by name and without what they lead to, so that the cost of a change is
//! that of the path it touches, whatever the size of the repository.

use super::packet::{DELIMITER, FLUSH, Packet, Packets, put};
use super::peer::Peer;
use super::{Access, Cas, New, Objects, Remote, meanings};
use crate::error::{Error, ErrorKind, Result};
use crate::object::{parse_id, tree_of};
use crate::pack::{self, Delta, Flaw, Limits};
use git2::Oid;
use std::io::Read;
use std::time::Instant;

pub(crate) const AGENT: &str = concat!("windlass/", env!("CARGO_PKG_VERSION"));

/// How much of a list of refs or capabilities is read.
const LIST_LIMIT: usize = 8 << 20;

/// How many commits [`Remote::since`] asks for, from the newest.
const SINCE_LIMIT: usize = 256;

/// How much is taken of all files of a commit.
const PACK_LIMITS: Limits = Limits {
    packed: 256 << 20,
    object: 32 << 20,
    total: 1 << 30,
};

/// The two programs of a git server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    /// Gives refs and objects.
    UploadPack,
    /// Takes them.
    ReceivePack,
}

impl Service {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::UploadPack => "git-upload-pack",
            Self::ReceivePack => "git-receive-pack",
        }
    }
}

/// What carries messages to a server's programs and the answers back.
pub(crate) trait Transport {
    /// Whether the messages of a program are one stream, so that each must be read to its end.
    const STREAM: bool;

    /// What to do where the server does not speak version 2.
    const NO_VERSION_2: &str;

    /// The other side.
    fn peer(&self) -> &Peer;

    /// When to give up on whatever is under way.
    fn until(&mut self, deadline: Instant);

    /// What the program says of itself.
    fn greeting(&mut self, service: Service) -> Result<Box<dyn Read + '_>>;

    /// The answer to a message. A program is greeted before it is asked.
    fn ask(&mut self, service: Service, message: &[u8]) -> Result<Box<dyn Read + '_>>;
}

/// A remote that speaks git's protocol.
pub(crate) struct Smart<T> {
    transport: T,
    server: Option<Server>,
    /// Whether a commit brings its root tree along. Some servers allow no filter that does.
    with_root: bool,
    push_options: Vec<String>,
    limits: Limits,
}

/// What the server can do.
#[derive(Debug, Clone, Copy)]
struct Server {
    filter: bool,
}

/// One request for objects.
struct Fetch<'a> {
    wants: &'a [Oid],
    known: Option<Oid>,
    /// How many commits of a line are given.
    deepen: usize,
    /// What comes along with a commit; all where the server cannot filter.
    filter: Option<&'static str>,
}

impl<T: Transport> Smart<T> {
    pub(crate) fn new(transport: T, access: &Access) -> Self {
        Self {
            transport,
            server: None,
            with_root: true,
            push_options: access.push_options.clone(),
            limits: Limits::default(),
        }
    }

    fn server(&mut self) -> Result<Server> {
        match self.server {
            Some(server) => Ok(server),
            None => {
                let server = self.greet()?;
                self.server = Some(server);
                Ok(server)
            }
        }
    }

    fn greet(&mut self) -> Result<Server> {
        let peer = self.transport.peer().clone();
        let greeting = self.transport.greeting(Service::UploadPack)?;
        let mut packets = Packets::new(greeting, &peer, LIST_LIMIT);
        if first_line(&mut packets)?.as_deref() != Some("version 2") {
            let message = format!("`{}` does not speak version 2 of git's protocol", peer.name);
            return Err(Error::new(ErrorKind::Unsupported, message).hint(T::NO_VERSION_2));
        }
        let mut capabilities = Vec::new();
        while let Some(line) = packets.line()? {
            capabilities.push(line);
        }
        understand(&capabilities, &peer)
    }

    /// After a failure the program may be gone, or another server answer: it is greeted anew.
    fn reading<R>(&mut self, read: impl FnOnce(&mut Self) -> Result<R>) -> Result<R> {
        let result = read(self);
        if result.is_err() {
            self.server = None;
        }
        result
    }

    fn command(&self, name: &str, arguments: &[String]) -> Vec<u8> {
        let mut message = Vec::new();
        put(&mut message, format!("command={name}\n"));
        put(&mut message, format!("agent={AGENT}\n"));
        put(&mut message, "object-format=sha1\n");
        message.extend_from_slice(DELIMITER);
        for argument in arguments {
            put(&mut message, format!("{argument}\n"));
        }
        message.extend_from_slice(FLUSH);
        message
    }

    /// What the first of these refs that there is holds.
    fn look_up(&mut self, names: &[String], peel: bool) -> Result<Option<Oid>> {
        if T::STREAM {
            // A program that stays keeps the refs as it saw them first.
            self.server = None;
        }
        self.server()?;
        let mut arguments: Vec<String> = names
            .iter()
            .map(|name| format!("ref-prefix {name}"))
            .collect();
        arguments.extend(peel.then(|| "peel".to_owned()));
        let message = self.command("ls-refs", &arguments);
        let peer = self.transport.peer().clone();
        let answer = self.transport.ask(Service::UploadPack, &message)?;
        let mut packets = Packets::new(answer, &peer, LIST_LIMIT);
        let mut found = None;
        // A prefix may fit many; all are read, so that the connection can be used again.
        while let Some(line) = packets.line()? {
            let (id, name) = line
                .split_once(' ')
                .ok_or_else(|| packets.odd("a ref without a name"))?;
            let (name, more) = name.split_once(' ').unwrap_or((name, ""));
            let Some(rank) = names.iter().position(|wanted| wanted == name) else {
                continue;
            };
            let peeled = more
                .split(' ')
                .find_map(|word| word.strip_prefix("peeled:"));
            let id = parse_id(peeled.unwrap_or(id))
                .ok_or_else(|| packets.odd("a ref without a value"))?;
            if found.is_none_or(|(best, _)| rank < best) {
                found = Some((rank, id));
            }
        }
        Ok(found.map(|(_, id)| id))
    }

    /// Asks for these objects and nothing that they lead to, if the server can do that.
    fn fetch(&mut self, wants: &[Oid], known: Option<Oid>, deepen: usize) -> Result<Objects> {
        let filter = self.server()?.filter.then_some("tree:0");
        self.fetch_once(&Fetch {
            wants,
            known,
            deepen,
            filter,
        })
    }

    /// Asks for a commit with its root tree. Not every server that filters allows that.
    fn fetch_commit(&mut self, id: Oid) -> Result<Objects> {
        if self.server()?.filter && self.with_root {
            let root = Fetch {
                wants: &[id],
                known: None,
                deepen: 1,
                filter: Some("tree:1"),
            };
            match self.fetch_once(&root) {
                Err(error) if error.kind() == ErrorKind::Server => self.with_root = false,
                result => return result,
            }
        }
        self.fetch(&[id], None, 1)
    }

    /// Asks for all files of a commit, but for the largest.
    fn fetch_pack(&mut self, id: Oid) -> Result<Vec<u8>> {
        let mut fetch = Fetch {
            wants: &[id],
            known: None,
            deepen: 1,
            filter: self.server()?.filter.then_some("blob:limit=16m"),
        };
        match self.ask_for_pack(&fetch, PACK_LIMITS.packed) {
            Err(error) if error.kind() == ErrorKind::Server && fetch.filter.is_some() => {
                fetch.filter = None;
                self.ask_for_pack(&fetch, PACK_LIMITS.packed)
            }
            result => result,
        }
    }

    fn complete(&self, objects: Objects, wants: &[Oid]) -> Result<Objects> {
        match wants.iter().find(|id| !objects.contains_key(id)) {
            None => Ok(objects),
            Some(id) => {
                let what = format!("object {id} is not in it");
                Err(self.transport.peer().odd(&what))
            }
        }
    }

    fn fetch_once(&mut self, fetch: &Fetch<'_>) -> Result<Objects> {
        let pack = self.ask_for_pack(fetch, self.limits.packed)?;
        self.unpack(&pack, &self.limits)
    }

    fn unpack(&self, pack: &[u8], limits: &Limits) -> Result<Objects> {
        let peer = self.transport.peer();
        pack::read(pack, limits).map_err(|flaw| match flaw {
            Flaw::TooLarge => peer.too_large(limits.packed),
            Flaw::Damaged(how) => peer.odd(&format!("a damaged pack: {how}")),
        })
    }

    fn ask_for_pack(&mut self, fetch: &Fetch<'_>, limit: usize) -> Result<Vec<u8>> {
        let message = self.command("fetch", &fetch.arguments());
        let peer = self.transport.peer().clone();
        let answer = self.transport.ask(Service::UploadPack, &message)?;
        // Framing and the other sections are small beside the pack.
        let mut packets = Packets::new(answer, &peer, limit + limit / 16 + LIST_LIMIT);
        loop {
            match packets.line()?.as_deref() {
                Some("packfile") => break,
                Some("shallow-info" | "acknowledgments" | "wanted-refs") => {
                    while packets.line()?.is_some() {}
                }
                _ => return Err(packets.odd("no pack in it")),
            }
        }
        let (pack, _) = packets.band()?;
        Ok(pack)
    }

    /// What the receiving program can do. Its list of refs is not needed.
    fn push_capabilities(&mut self) -> Result<String> {
        let peer = self.transport.peer().clone();
        let greeting = self.transport.greeting(Service::ReceivePack)?;
        let mut packets = Packets::new(greeting, &peer, LIST_LIMIT);
        let line = first_line(&mut packets)?.unwrap_or_default();
        let Some((_, capabilities)) = line.split_once('\0') else {
            return Err(packets.odd("no capabilities in it"));
        };
        if T::STREAM {
            while packets.next()? != Packet::Flush {}
        }
        Ok(capabilities.to_owned())
    }

    /// The first part of a push: what shall hold what, and the options.
    fn update(&self, reference: &str, old: Option<Oid>, new: Oid, banded: bool) -> Vec<u8> {
        let old = old.unwrap_or(Oid::ZERO_SHA1);
        let band = if banded { " side-band-64k" } else { "" };
        let options = match self.push_options.is_empty() {
            true => "",
            false => " push-options",
        };
        let capabilities = format!("report-status{band}{options} agent={AGENT}");
        let mut message = Vec::new();
        put(
            &mut message,
            format!("{old} {new} {reference}\0 {capabilities}\n"),
        );
        message.extend_from_slice(FLUSH);
        if !self.push_options.is_empty() {
            for option in &self.push_options {
                put(&mut message, option);
            }
            message.extend_from_slice(FLUSH);
        }
        message
    }

    /// What the server says of a push. Whatever goes wrong here, the push may have been taken.
    fn push(&mut self, message: &[u8], banded: bool, reference: &str) -> Result<Cas> {
        let peer = self.transport.peer().clone();
        let answer = self.transport.ask(Service::ReceivePack, message)?;
        let mut packets = Packets::new(answer, &peer, LIST_LIMIT);
        if !banded {
            return verdict(&mut packets, reference, "", &peer);
        }
        let (report, aside) = packets.band()?;
        let mut report = Packets::new(&report[..], &peer, LIST_LIMIT);
        verdict(&mut report, reference, &aside, &peer)
    }
}

impl Fetch<'_> {
    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["no-progress".to_owned(), "ofs-delta".to_owned()];
        arguments.extend(self.wants.iter().map(|id| format!("want {id}")));
        arguments.extend(self.known.map(|id| format!("have {id}")));
        arguments.push(format!("deepen {}", self.deepen));
        arguments.extend(self.filter.map(|filter| format!("filter {filter}")));
        arguments.push("done".to_owned());
        arguments
    }
}

/// Over HTTP some servers put a line with the service's name and a flush in front.
fn first_line<R: Read>(packets: &mut Packets<R>) -> Result<Option<String>> {
    match packets.line()? {
        Some(line) if line.starts_with("# service=") => match packets.next()? {
            Packet::Flush => packets.line(),
            _ => Err(packets.odd("a service that does not end")),
        },
        line => Ok(line),
    }
}

fn understand(capabilities: &[String], peer: &Peer) -> Result<Server> {
    let value = |key: &str| {
        capabilities.iter().find_map(|line| {
            let rest = line.strip_prefix(key)?;
            Some(rest.strip_prefix('=').unwrap_or(rest).to_owned())
        })
    };
    let unsupported = |what: &str| {
        let message = format!("cannot use `{}`: {what}", peer.name);
        Error::new(ErrorKind::Unsupported, message)
    };
    if value("object-format").is_some_and(|format| format != "sha1") {
        return Err(unsupported("its objects are not named by SHA-1"));
    }
    let fetch = value("fetch").ok_or_else(|| unsupported("the server cannot fetch"))?;
    let has = |feature: &str| fetch.split(' ').any(|word| word == feature);
    match has("shallow") {
        true => Ok(Server {
            filter: has("filter"),
        }),
        false => Err(unsupported("the server only gives whole histories")),
    }
}

/// `unpack ok` and `ok REF` mean that it is done; everything else that it is not.
fn verdict<R: Read>(
    packets: &mut Packets<R>,
    reference: &str,
    aside: &str,
    peer: &Peer,
) -> Result<Cas> {
    let unpack = packets.line()?.unwrap_or_default();
    let Some(unpacked) = unpack.strip_prefix("unpack ") else {
        return Err(packets.odd("no report of the push"));
    };
    let mut reason = match unpacked {
        "ok" => None,
        trouble => Some(trouble.to_owned()),
    };
    while let Some(line) = packets.line()? {
        if line == format!("ok {reference}") && reason.is_none() {
            return Ok(Cas::Done);
        }
        if let Some(why) = line.strip_prefix(&format!("ng {reference} ")) {
            reason = reason.or(Some(why.to_owned()));
        }
    }
    let reason = reason.ok_or_else(|| packets.odd("a report without the ref"))?;
    let said = match aside {
        "" => reason,
        aside => format!("{reason} ({aside})"),
    };
    Ok(Cas::Refused(peer.words(said.as_bytes())))
}

impl<T: Transport> Remote for Smart<T> {
    fn name(&self) -> &str {
        &self.transport.peer().name
    }

    fn until(&mut self, deadline: Instant) {
        self.transport.until(deadline);
    }

    fn tip(&mut self, reference: &str) -> Result<Option<Oid>> {
        self.reading(|smart| smart.look_up(&[reference.to_owned()], false))
    }

    fn resolve(&mut self, name: &str) -> Result<Option<Oid>> {
        self.reading(|smart| smart.look_up(&meanings(name), true))
    }

    fn pack(&mut self, commit: Oid) -> Result<Vec<u8>> {
        let pack = self.reading(|smart| smart.fetch_pack(commit))?;
        let objects = self.unpack(&pack, &PACK_LIMITS)?;
        let tree = objects
            .get(&commit)
            .map(|found| tree_of(&found.data))
            .transpose()?;
        self.complete(objects, &[commit, tree.unwrap_or(commit)])?;
        Ok(pack)
    }

    fn read(&mut self, wants: &[Oid]) -> Result<Objects> {
        let objects = self.reading(|smart| smart.fetch(wants, None, 1))?;
        self.complete(objects, wants)
    }

    fn commit(&mut self, id: Oid) -> Result<Objects> {
        let objects = self.reading(|smart| smart.fetch_commit(id))?;
        self.complete(objects, &[id])
    }

    fn since(&mut self, tip: Oid, known: Oid) -> Result<Objects> {
        self.reading(|smart| smart.fetch(&[tip], Some(known), SINCE_LIMIT))
    }

    fn line(&mut self, tip: Oid, depth: usize) -> Result<Objects> {
        let objects = self.reading(|smart| smart.fetch(&[tip], None, depth))?;
        self.complete(objects, &[tip])
    }

    fn cas(&mut self, reference: &str, old: Option<Oid>, new: Oid, objects: &[New]) -> Result<Cas> {
        let capabilities = self.push_capabilities()?;
        let has = |name: &str| capabilities.split(' ').any(|word| word == name);
        if !has("report-status") {
            let message = format!("`{}` does not report what becomes of a push", self.name());
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        if !self.push_options.is_empty() && !has("push-options") {
            let message = format!("`{}` takes no push options", self.name());
            return Err(Error::new(ErrorKind::Unsupported, message)
                .hint("leave them out, or let `receive.advertisePushOptions` be set there"));
        }
        let banded = has("side-band-64k");
        let mut message = self.update(reference, old, new, banded);
        let bases: Vec<Option<Oid>> = objects
            .iter()
            .map(|new| {
                new.base
                    .as_ref()
                    .filter(|_| !has("no-thin"))
                    .map(crate::Object::id)
            })
            .collect();
        let told: Vec<_> = objects
            .iter()
            .zip(&bases)
            .map(|(new, base)| (&new.object, delta(new, *base)))
            .collect();
        message.extend(pack::write(&told));
        match self.push(&message, banded, reference) {
            Err(error) if !is_certain(&error) => Ok(Cas::Unknown(error)),
            result => result,
        }
    }
}

fn delta(new: &New, base: Option<Oid>) -> Option<Delta<'_>> {
    let (base, data) = (base?, &new.base.as_ref()?.data);
    Some(Delta { base, data })
}

/// Whether the push failed before anything could be written.
fn is_certain(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Unauthorized
            | ErrorKind::Forbidden
            | ErrorKind::RepositoryMissing
            | ErrorKind::Redirected
            | ErrorKind::Deadline
    )
}
