//! A server that is killed in the middle of the conversation, wherever that is.

use crate::world::{World, quick, remote, signature};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use windlass_gitsync::{Error, ErrorKind, Outcome, sync};
use windlass_testkit::GitRules;

const FILE: &str = "apps/a/k8s/overlays/dev/kustomization.yaml";

/// How many points of the conversation are tried.
const POINTS: usize = 20;

/// A way to a server that ends after so many bytes, both ways counted together.
struct Line {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    server: SocketAddr,
    carried: AtomicUsize,
    cut_at: usize,
    /// Whether connections that are made after the cut are served.
    returns: bool,
    open: Mutex<Vec<TcpStream>>,
}

impl Line {
    fn to(server: SocketAddr, cut_at: usize, returns: bool) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            server,
            carried: AtomicUsize::new(0),
            cut_at,
            returns,
            open: Mutex::default(),
        });
        let own = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(std::result::Result::ok) {
                own.connect(stream);
            }
        });
        Self { address, shared }
    }

    fn carried(&self) -> usize {
        self.shared.carried.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn is_cut(&self) -> bool {
        self.carried.load(Ordering::SeqCst) >= self.cut_at
    }

    fn connect(self: &Arc<Self>, client: TcpStream) {
        if self.is_cut() && !self.returns {
            return;
        }
        let Ok(server) = TcpStream::connect(self.server) else {
            return;
        };
        // One that is made after the cut is not ended by it.
        let counts = !self.is_cut();
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        for (from, to) in [(&client, &server), (&server, &client)] {
            let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
            self.open.lock().unwrap().push(to.try_clone().unwrap());
            let shared = Arc::clone(self);
            std::thread::spawn(move || shared.carry(from, to, counts));
        }
    }

    fn carry(&self, mut from: TcpStream, mut to: TcpStream, counts: bool) {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let (before, passes) = match counts {
                true => {
                    let before = self.carried.fetch_add(length, Ordering::SeqCst);
                    (before, length.min(self.cut_at.saturating_sub(before)))
                }
                false => (0, length),
            };
            let written = to.write_all(&buffer[..passes]);
            if counts && before + length >= self.cut_at {
                for stream in self.open.lock().unwrap().drain(..) {
                    let _ = stream.shutdown(Shutdown::Both);
                }
                return;
            }
            if written.is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    }
}

/// A change over a line that is cut there, and how many bytes it carried.
fn cut(at: usize, returns: bool) -> (World, Result<Outcome, Error>, usize) {
    let world = World::new();
    let server = world.serve(GitRules::default());
    let url = server.url();
    let host = url.split('/').nth(2).unwrap();
    let line = Line::to(host.parse().unwrap(), at, returns);
    let mut remote = remote(&url.replace(host, &line.address.to_string()));
    let result = sync(&mut *remote, "main", &signature(), &quick(), &mut |draft| {
        let old = draft.read(FILE)?.unwrap_or_default();
        draft.write(FILE, [old, b"more: 1\n".to_vec()].concat())?;
        Ok("Add more".to_owned())
    });
    (world, result, line.carried())
}

/// How often the change is in the file and in the history, which agree.
fn applied(world: &World) -> usize {
    let log = world.log("main");
    let times = log
        .iter()
        .filter(|text| text.starts_with("Add more"))
        .count();
    let file = world.file("main", FILE).unwrap();
    assert_eq!(file.matches("more: 1").count(), times);
    world.check("main");
    times
}

#[test]
fn a_server_that_comes_back_has_the_change_once() {
    let (world, result, all) = cut(usize::MAX, true);
    assert!(result.is_ok() && applied(&world) == 1);
    for point in 1..=POINTS {
        let (world, result, _) = cut(all * point / POINTS, true);
        let outcome = result.unwrap_or_else(|error| panic!("point {point}: {error}"));
        assert_eq!(applied(&world), 1, "point {point}");
        assert_eq!(outcome.commit, Some(world.tip("main")));
    }
}

#[test]
fn a_server_that_stays_away_is_told_honestly() {
    let (_, _, all) = cut(usize::MAX, true);
    for point in 0..POINTS {
        let (world, result, _) = cut(all * point / POINTS, false);
        let error = result.expect_err("the server is gone");
        match error.kind() {
            ErrorKind::Unreachable => assert_eq!(applied(&world), 0, "point {point}: {error}"),
            ErrorKind::Doubtful => assert!(applied(&world) <= 1),
            kind => panic!("point {point}: {kind:?}: {error}"),
        }
    }
}
