//! Whole trees of kustomizations, made by chance, through kustomize and through this crate: the
//! bytes must be the same, and what one refuses the other must.
//!
//! ```text
//! KUSTOMIZE=PATH cargo test -p windlass-overlay --test differential
//! ```
//!
//! `TREES` is how many (100), `SEED` the number of the first (1); a tree depends on its number
//! alone, so that one is repeated with `SEED=17 TREES=1`, and `KEEP=FOLDER` writes it down. A tree
//! that differs is made as small as it goes and printed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stdout, reason = "a test of its own command")]

mod draw;
mod fields;
mod layer;
mod objects;
mod oracle;
mod patches;
mod tree;
mod words;

use draw::Draw;
use oracle::{Verdict, judge};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use tree::{Files, Shrinking};

/// How many differences end a run.
const ENOUGH: usize = 10;

const WORKERS: usize = 2;

fn main() -> ExitCode {
    let Some(program) = variable("KUSTOMIZE") else {
        println!("skipped: KUSTOMIZE names no kustomize to compare with");
        return ExitCode::SUCCESS;
    };
    let number = |name, default| variable(name).map_or(default, |text| text.parse().unwrap());
    let run = Run {
        program: PathBuf::from(program),
        first: number("SEED", 1),
        trees: number("TREES", 100),
        next: AtomicU64::new(0),
        refused: AtomicUsize::new(0),
        different: AtomicUsize::new(0),
    };
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| run.work());
        }
    });
    let done = run.next.load(Ordering::Relaxed).min(run.trees);
    let (refused, different) = (run.refused.into_inner(), run.different.into_inner());
    println!(
        "{done} trees from seed {}: {refused} refused by both, {different} different",
        run.first
    );
    match different {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the run is described by the environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

struct Run {
    program: PathBuf,
    first: u64,
    trees: u64,
    next: AtomicU64,
    refused: AtomicUsize,
    different: AtomicUsize,
}

impl Run {
    fn work(&self) {
        while self.different.load(Ordering::Relaxed) < ENOUGH {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            if at >= self.trees {
                return;
            }
            self.compare(self.first + at);
        }
    }

    fn compare(&self, seed: u64) {
        let files = layer::tree(&mut Draw::new(rng(seed)));
        if let Some(folder) = variable("KEEP") {
            files.write(folder.as_ref()).unwrap();
        }
        match judge(&self.program, &files) {
            Verdict::Same => {}
            Verdict::Refused => {
                self.refused.fetch_add(1, Ordering::Relaxed);
            }
            Verdict::Differ(_) => {
                self.different.fetch_add(1, Ordering::Relaxed);
                let (files, how) = smallest(&self.program, files, seed);
                println!("=== SEED={seed}\n{files}{how}");
            }
        }
    }
}

fn rng(seed: u64) -> TestRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}

/// The smallest tree that differs in the same way, and how it does.
fn smallest(program: &Path, files: Files, seed: u64) -> (Files, String) {
    let config = Config {
        failure_persistence: None,
        max_shrink_iters: 3000,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, rng(seed));
    let differs = |files: Files| match judge(program, &files) {
        Verdict::Differ(how) => Err(TestCaseError::fail(how)),
        _ => Ok(()),
    };
    match runner.run_one(Shrinking::new(files.clone()), differs) {
        Err(TestError::Fail(how, files)) => (files, how.message().to_owned()),
        _ => (files, "differs now and then\n".to_owned()),
    }
}
