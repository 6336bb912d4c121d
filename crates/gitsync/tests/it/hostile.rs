//! A server that lies: what it sends is never believed, never endless and never a panic.

use crate::world::{World, quick, remote, shown, signature};
use flate2::{Compression, write::ZlibEncoder};
use sha1::{Digest, Sha1};
use std::io::Write;
use windlass_gitsync::{Error, ErrorKind, Outcome, sync};
use windlass_testkit::{GitFault, GitMoment, GitRules};

/// A change over a server that answers one kind of question with this.
fn answered(moment: GitMoment, body: Vec<u8>) -> Result<Outcome, Error> {
    let world = World::new();
    let server = world.serve(GitRules::default());
    // Twice, because a refused filter is tried again without.
    server.fail(moment, GitFault::Body(body.clone()));
    server.fail(moment, GitFault::Body(body));
    let before = world.tip("main");
    let result = sync(
        &mut *remote(&server.url()),
        "main",
        &signature(),
        &quick(),
        &mut |draft| {
            draft.write("README.md", b"new".to_vec())?;
            Ok("Set".to_owned())
        },
    );
    assert_eq!(world.tip("main"), before);
    result
}

fn packet(data: &[u8]) -> Vec<u8> {
    [format!("{:04x}", data.len() + 4).as_bytes(), data].concat()
}

/// A pack in the framing of an answer.
fn framed(pack: &[u8]) -> Vec<u8> {
    let mut body = packet(b"packfile\n");
    for piece in pack.chunks(60_000) {
        body.extend(packet(&[b"\x01", piece].concat()));
    }
    body.extend(b"0000");
    body
}

fn pack(count: u32, entries: &[u8]) -> Vec<u8> {
    let mut pack = [b"PACK\0\0\0\x02".as_slice(), &count.to_be_bytes(), entries].concat();
    let checksum = Sha1::digest(&pack);
    pack.extend_from_slice(&checksum);
    pack
}

/// An entry that says what it likes of its length.
fn entry(kind: u8, length: usize, base: &[u8], data: &[u8]) -> Vec<u8> {
    let mut head = vec![(kind << 4) | u8::try_from(length & 15).unwrap()];
    let mut rest = length >> 4;
    while rest > 0 {
        *head.last_mut().unwrap() |= 0x80;
        head.push(u8::try_from(rest & 0x7f).unwrap());
        rest >>= 7;
    }
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(data).unwrap();
    [&head, base, &zlib.finish().unwrap()].concat()
}

#[test]
fn packs_that_lie_are_refused() {
    let commit = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\n";
    let zeros = vec![0; 40 << 20];
    let good = entry(1, commit.len(), &[], commit);
    let delta_to_nothing = entry(6, 4, &[0x7f], b"\x05\x05\x05\x05");
    let delta_to_unknown = entry(7, 4, &[9; 20], b"\x05\x05\x05\x05");
    let delta_to_itself = entry(6, 4, &[0], b"\x05\x05\x05\x05");
    let bad_delta = [
        good.clone(),
        entry(6, 3, &[u8::try_from(good.len()).unwrap()], b"\x01\x02\x03"),
    ]
    .concat();
    let mut wrong_sum = pack(1, &good);
    *wrong_sum.last_mut().unwrap() ^= 1;
    let cases: Vec<(&str, Vec<u8>, ErrorKind)> = vec![
        (
            "another object than asked for",
            pack(1, &good),
            ErrorKind::Protocol,
        ),
        ("no object", pack(0, &[]), ErrorKind::Protocol),
        ("fewer than it says", pack(9, &good), ErrorKind::Protocol),
        (
            "as many as can be",
            pack(u32::MAX, &good),
            ErrorKind::Protocol,
        ),
        ("more than it says", pack(0, &good), ErrorKind::Protocol),
        ("a wrong checksum", wrong_sum, ErrorKind::Protocol),
        (
            "longer than it says",
            pack(1, &entry(3, 10, &[], b"0123456789a")),
            ErrorKind::Protocol,
        ),
        (
            "shorter than it says",
            pack(1, &entry(3, 10, &[], b"0")),
            ErrorKind::Protocol,
        ),
        (
            "a bomb that says so",
            pack(1, &entry(3, zeros.len(), &[], &zeros)),
            ErrorKind::TooLarge,
        ),
        (
            "a bomb that does not",
            pack(1, &entry(3, 10, &[], &zeros)),
            ErrorKind::Protocol,
        ),
        (
            "a length without end",
            pack(1, &[0xbf; 30]),
            ErrorKind::TooLarge,
        ),
        (
            "no compressed data",
            pack(1, &[0x35, 1, 2, 3, 4, 5]),
            ErrorKind::Protocol,
        ),
        (
            "no known kind",
            pack(1, &entry(5, 1, &[], b"x")),
            ErrorKind::Protocol,
        ),
        (
            "a delta to nothing",
            pack(1, &delta_to_nothing),
            ErrorKind::Protocol,
        ),
        (
            "a delta to the unknown",
            pack(1, &delta_to_unknown),
            ErrorKind::Protocol,
        ),
        (
            "a delta to itself",
            pack(1, &delta_to_itself),
            ErrorKind::Protocol,
        ),
        (
            "a delta that does not fit",
            pack(2, &bad_delta),
            ErrorKind::Protocol,
        ),
        ("not even a pack", b"hello".to_vec(), ErrorKind::Protocol),
    ];
    for (what, pack, kind) in cases {
        let error = answered(GitMoment::Objects, framed(&pack)).unwrap_err();
        assert_eq!(error.kind(), kind, "{what}: {error}");
    }
}

/// What is longer than anything expected is not read to its end.
#[test]
fn answers_that_do_not_end_are_ended() {
    let id = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    let many = packet(format!("{id} refs/heads/{}", "x".repeat(60_000)).as_bytes()).repeat(200);
    let error = answered(GitMoment::Refs, many).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    let mut pack = packet(b"packfile\n");
    pack.extend(packet(&[1; 60_000]).repeat(1500));
    let error = answered(GitMoment::Objects, pack).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
}

#[test]
fn answers_that_are_not_the_protocol_are_refused() {
    let oid = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    let cases: Vec<(GitMoment, Vec<u8>, ErrorKind)> = vec![
        (GitMoment::Greeting, b"<html>".to_vec(), ErrorKind::Protocol),
        (
            GitMoment::Greeting,
            packet(oid.as_bytes()),
            ErrorKind::Unsupported,
        ),
        (
            GitMoment::Greeting,
            [packet(b"version 2"), b"0000".to_vec()].concat(),
            ErrorKind::Unsupported,
        ),
        (
            GitMoment::Greeting,
            [
                packet(b"version 2"),
                packet(b"object-format=sha256"),
                packet(b"fetch=shallow"),
                b"0000".to_vec(),
            ]
            .concat(),
            ErrorKind::Unsupported,
        ),
        (GitMoment::Refs, packet(b"nonsense"), ErrorKind::Protocol),
        (
            GitMoment::Refs,
            packet(b"12ab refs/heads/main"),
            ErrorKind::Protocol,
        ),
        (GitMoment::Refs, packet(&[0xff, 0xfe]), ErrorKind::Protocol),
        (GitMoment::Refs, packet(b"ERR go away"), ErrorKind::Server),
        (
            GitMoment::Refs,
            packet(format!("{oid} refs/heads/{}", "x".repeat(9999)).as_bytes()).repeat(900),
            ErrorKind::TooLarge,
        ),
        (GitMoment::Objects, b"0000".to_vec(), ErrorKind::Protocol),
        (
            GitMoment::Objects,
            [packet(b"packfile"), packet(b"\x03out of memory")].concat(),
            ErrorKind::Server,
        ),
        (
            GitMoment::Objects,
            [packet(b"packfile"), packet(b"\x09what")].concat(),
            ErrorKind::Protocol,
        ),
        (
            GitMoment::PushGreeting,
            packet(b"version 2"),
            ErrorKind::Protocol,
        ),
        (
            GitMoment::PushGreeting,
            packet(format!("{oid} refs/heads/x\0quiet").as_bytes()),
            ErrorKind::Unsupported,
        ),
    ];
    for (moment, body, kind) in cases {
        let text = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let error = answered(moment, body).unwrap_err();
        assert_eq!(error.kind(), kind, "{moment:?} {text}: {error}");
    }
}

#[test]
fn lies_are_told_in_these_words() {
    let said = |moment, body: &[u8]| shown(&answered(moment, body.to_vec()).unwrap_err());
    insta::assert_snapshot!(said(GitMoment::Greeting, b"<html>"), @"Protocol/World: cannot understand the answer of `http://[HOST]/repository.git`: a packet without a length");
    insta::assert_snapshot!(said(GitMoment::Greeting, &packet(b"version 1")), @"
    Unsupported/Input: `http://[HOST]/repository.git` does not speak version 2 of git's protocol
    hint: the web server must run git 2.18 or newer and hand it the `Git-Protocol` header
    ");
    insta::assert_snapshot!(said(GitMoment::Refs, &packet(b"ERR go\x07 away")), @"Server/World: `http://[HOST]/repository.git` reports an error: go away");
    insta::assert_snapshot!(said(GitMoment::Objects, &framed(&pack(0, &[]))).replace(|c: char| c.is_ascii_hexdigit() && !c.is_alphabetic(), ""), @"Protocol/World: cannot understand the answer of `http://[HOST]/repository.git`: object efacfaecfaccecb is not in it");
    insta::assert_snapshot!(said(GitMoment::Objects, &framed(&pack(1, &[0xbf; 30]))), @"TooLarge/World: the answer of `http://[HOST]/repository.git` is larger than 64 MiB");
}

/// A server that takes a push and answers with nonsense leaves the fate of it open.
#[test]
fn a_lie_about_a_push_is_settled_by_looking() {
    let world = World::new();
    let server = world.serve(GitRules::default());
    for body in [&b"<html>"[..], b"0000", &packet(b"unpack ok\n")] {
        server.fail(GitMoment::Push, GitFault::Body(body.to_vec()));
    }
    let outcome = sync(
        &mut *remote(&server.url()),
        "main",
        &signature(),
        &quick(),
        &mut |draft| {
            draft.write("README.md", b"new".to_vec())?;
            Ok("Set".to_owned())
        },
    );
    assert_eq!(outcome.unwrap().commit, Some(world.tip("main")));
    assert_eq!(world.log("main").len(), 2);
}
