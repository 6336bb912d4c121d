//! What holds of every history.

use crate::repo::Repo;
use proptest::prelude::*;
use semver::Version;
use windlass_release::{Layout, Next, Options, Repository, next};

/// One thing that happens to a repository.
#[derive(Debug, Clone)]
enum Step {
    Commit {
        message: &'static str,
        file: &'static str,
    },
    /// Tags the present commit with what it is called.
    Release,
    Branch,
    Switch(usize),
    Merge(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let messages = [
        "fix: a",
        "feat: b",
        "feat!: c",
        "chore: d",
        "Update e",
        "fix: f\n\nBREAKING CHANGE: g",
    ];
    let files = [
        "apps/api/src/a",
        "apps/api/k8s/a",
        "apps/web/src/a",
        "README.md",
    ];
    let commit = (
        prop::sample::select(messages.to_vec()),
        prop::sample::select(files.to_vec()),
    );
    prop_oneof![
        6 => commit.prop_map(|(message, file)| Step::Commit { message, file }),
        2 => Just(Step::Release),
        1 => Just(Step::Branch),
        1 => any::<usize>().prop_map(Step::Switch),
        1 => any::<usize>().prop_map(Step::Merge),
    ]
}

/// A repository after `steps`, and what was released on the way: `None` where it was refused.
fn play(steps: &[Step], pace: i64) -> (Repo, Vec<Option<Version>>) {
    let mut repo = Repo::new();
    repo.pace = pace;
    let mut branches = vec!["main".to_owned()];
    let mut released = Vec::new();
    for step in steps {
        match step {
            Step::Commit { message, file } => {
                repo.commit(message, &[file]);
            }
            Step::Release => {
                let found = repo.next(&Options::default());
                if let Ok(Next {
                    tag: Some(tag),
                    exists: false,
                    ..
                }) = &found
                {
                    repo.tag(tag);
                }
                released.push(found.ok().and_then(|next| next.version));
            }
            Step::Branch => {
                let name = format!("b{}", branches.len());
                repo.branch(&name);
                branches.push(name);
            }
            Step::Switch(at) => repo.switch(&branches[at % branches.len()]),
            Step::Merge(at) => {
                repo.merge(&branches[at % branches.len()], &[]);
            }
        }
    }
    (repo, released)
}

fn told(next: &windlass_release::Result<Next>) -> String {
    match next {
        Ok(next) => {
            let mut causes: Vec<_> = next.causes.iter().map(|cause| &cause.subject).collect();
            causes.sort();
            format!(
                "{:?} {} {:?} {:?} {causes:?}",
                next.version, next.bump, next.previous, next.pointers
            )
        }
        Err(error) => format!("{:?}", error.kind()),
    }
}

fn tags(repo: &Repo) -> Vec<(Version, git2::Oid)> {
    let names = repo.git.tag_names(None).unwrap();
    let names = names.iter().map(|name| name.unwrap().unwrap().to_owned());
    names
        .map(|name| {
            let commit = repo
                .git
                .revparse_single(&name)
                .unwrap()
                .peel_to_commit()
                .unwrap();
            (
                name.strip_prefix("api/v").unwrap().parse().unwrap(),
                commit.id(),
            )
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_version_is_above_all_it_builds_on_and_new(steps in prop::collection::vec(step(), 1..25)) {
        let (repo, _) = play(&steps, 60);
        let found = repo.next(&Options::default());
        let forecast = repo.next(&Options { forecast: true, ..Options::default() });
        let forecast = forecast.map_err(|error| TestCaseError::fail(error.to_string()))?;
        for (version, commit) in tags(&repo) {
            let built_on = repo.git.graph_descendant_of(repo.head(), commit).unwrap();
            if let Ok(Next { version: Some(next), exists: false, .. }) = &found {
                prop_assert!(!built_on || *next > version, "{next} on {version}");
                prop_assert!(*next != version, "{next} is taken");
            }
            if let Next { version: Some(next), exists: false, .. } = &forecast {
                prop_assert!(*next > version, "{next} forecast beside {version}");
            }
        }
    }

    #[test]
    fn dates_are_irrelevant(steps in prop::collection::vec(step(), 1..25)) {
        let (usual, released) = play(&steps, 60);
        // All at once, and by a clock that goes backwards.
        for pace in [0, -60] {
            let (other, released_there) = play(&steps, pace);
            prop_assert_eq!(&released, &released_there);
            prop_assert_eq!(told(&usual.next(&Options::default())), told(&other.next(&Options::default())));
        }
    }

    #[test]
    fn a_bare_and_a_full_clone_say_the_same(steps in prop::collection::vec(step(), 1..25)) {
        let (repo, _) = play(&steps, 60);
        let folder = tempfile::TempDir::new().unwrap();
        let source = repo.folder.path().to_str().unwrap();
        git2::build::RepoBuilder::new().clone(source, folder.path()).unwrap();
        let full = Repository::open(folder.path()).unwrap();
        let full = next(&full, "HEAD", "api", &Layout::default(), &Options::default());
        let bare = repo.next(&Options::default());
        prop_assert_eq!(told(&full), told(&bare));
        // And again: nothing was written, nothing remembered.
        prop_assert_eq!(told(&repo.next(&Options::default())), told(&bare));
    }
}
