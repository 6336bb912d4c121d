//! Which wheels run on a target, and which of them is best (PyPA: "Platform compatibility tags";
//! the order is that of `packaging.tags`).

use super::version::Version;
use super::{GLIBC, Target, normal};
use std::collections::HashMap;

/// What the name of a wheel's file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WheelName {
    /// As indexes spell it.
    pub(crate) project: String,
    pub(crate) version: Version,
    /// A tie-breaker among wheels that are alike: its number, then its text.
    build: (u64, String),
    tags: Vec<String>,
}

impl WheelName {
    /// Reads `{project}-{version}[-{build}]-{python}-{abi}-{platform}.whl`.
    pub(crate) fn parse(file: &str) -> Option<Self> {
        let parts: Vec<&str> = file.strip_suffix(".whl")?.split('-').collect();
        let (project, version, build, tags) = match parts[..] {
            [project, version, ref tags @ ..] if tags.len() == 3 => {
                (project, version, "", tags.to_vec())
            }
            [project, version, build, ref tags @ ..] if tags.len() == 3 => {
                (project, version, build, tags.to_vec())
            }
            _ => return None,
        };
        let digits = build
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(build.len());
        if !build.is_empty() && digits == 0 {
            return None;
        }
        let mut all = Vec::new();
        for python in tags[0].split('.') {
            for abi in tags[1].split('.') {
                let platforms = tags[2].split('.');
                all.extend(
                    platforms
                        .map(|platform| format!("{python}-{abi}-{platform}").to_ascii_lowercase()),
                );
            }
        }
        Some(Self {
            project: normal(project),
            version: Version::parse(version)?,
            build: (
                build[..digits].parse().unwrap_or(0),
                build[digits..].to_owned(),
            ),
            tags: all,
        })
    }

    /// How good the wheel is for a target, the least being the best; `None` if it does not run.
    pub(crate) fn rank<'a>(&'a self, supported: &Supported) -> Option<Rank<'a>> {
        let best = self
            .tags
            .iter()
            .filter_map(|tag| supported.0.get(tag))
            .min()?;
        let (number, text) = &self.build;
        Some((*best, std::cmp::Reverse((*number, text.as_str()))))
    }
}

/// The place of the best tag, then the newest build.
pub(crate) type Rank<'a> = (usize, std::cmp::Reverse<(u64, &'a str)>);

/// The tags that a target supports, by their place in the order of preference.
pub(crate) struct Supported(HashMap<String, usize>);

impl Supported {
    pub(crate) fn new(target: &Target) -> Self {
        let mut tags = Vec::new();
        let platforms = platforms(target);
        let minor = target.minor;
        let mut add = |python: &str, abi: &str, platforms: &[String]| {
            tags.extend(
                platforms
                    .iter()
                    .map(|platform| format!("{python}-{abi}-{platform}")),
            );
        };
        let own = format!("cp3{minor}");
        add(&own, &own, &platforms);
        add(&own, "abi3", &platforms);
        add(&own, "none", &platforms);
        // The stable ABI began with 3.2.
        for older in (2..minor).rev() {
            add(&format!("cp3{older}"), "abi3", &platforms);
        }
        let any = ["any".to_owned()];
        for python in generic(minor) {
            add(&python, "none", &platforms);
        }
        add(&own, "none", &any);
        for python in generic(minor) {
            add(&python, "none", &any);
        }
        let mut places = HashMap::new();
        for tag in tags {
            let next = places.len();
            places.entry(tag).or_insert(next);
        }
        Self(places)
    }
}

/// `py313`, `py3`, then older ones: any Python 3 up to the target's.
fn generic(minor: u32) -> Vec<String> {
    let mut names = vec![format!("py3{minor}"), "py3".to_owned()];
    names.extend((0..minor).rev().map(|older| format!("py3{older}")));
    names
}

/// glibc's platforms from the newest down, each old name after the number that it stands for
/// (PEP 600), and last any Linux. Those of musl are another C library.
fn platforms(target: &Target) -> Vec<String> {
    let machine = target.machine;
    let oldest = if machine == "x86_64" { 5 } else { 17 };
    let mut names = Vec::new();
    for minor in (oldest..=GLIBC.1).rev() {
        names.push(format!("manylinux_{}_{minor}_{machine}", GLIBC.0));
        let old = match minor {
            17 => "manylinux2014",
            12 => "manylinux2010",
            5 => "manylinux1",
            _ => continue,
        };
        names.push(format!("{old}_{machine}"));
    }
    names.push(format!("linux_{machine}"));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn supported(platform: &str) -> Supported {
        Supported::new(&Target::new("3.13", &platform.parse().unwrap()).unwrap())
    }

    /// From best to worst; the order was compared with `packaging.tags.sys_tags` of CPython 3.13.
    #[test]
    fn the_most_specific_wheel_is_best() {
        let wheels = [
            "a-1-cp313-cp313-manylinux_2_28_x86_64.whl",
            "a-1-cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            "a-1-cp313-cp313-manylinux2014_x86_64.whl",
            "a-1-cp313-cp313-manylinux1_x86_64.whl",
            "a-1-cp313-cp313-linux_x86_64.whl",
            "a-1-cp313-abi3-manylinux_2_28_x86_64.whl",
            "a-1-cp313-none-manylinux_2_28_x86_64.whl",
            "a-1-cp39-abi3-manylinux_2_28_x86_64.whl",
            "a-1-cp36-abi3-manylinux_2_28_x86_64.whl",
            "a-1-py3-none-manylinux_2_28_x86_64.whl",
            "a-1-cp313-none-any.whl",
            "a-1-2-py3-none-any.whl",
            "a-1-1b-py3-none-any.whl",
            "a-1-py2.py3-none-any.whl",
            "a-1-py38-none-any.whl",
        ];
        let supported = supported("linux/amd64");
        let names: Vec<WheelName> = wheels
            .iter()
            .map(|w| WheelName::parse(w).unwrap())
            .collect();
        let ranks: Vec<Rank<'_>> = names
            .iter()
            .map(|name| name.rank(&supported).unwrap())
            .collect();
        for (pair, names) in ranks.windows(2).zip(wheels.windows(2)) {
            assert!(pair[0] < pair[1], "{names:?}");
        }
    }

    #[test]
    fn wheels_for_others_do_not_run() {
        let supported = supported("linux/arm64");
        for (wheel, runs) in [
            ("a-1-cp313-cp313-manylinux_2_17_aarch64.whl", true),
            ("a-1-cp313-cp313-manylinux_2_17_x86_64.whl", false),
            ("a-1-cp313-cp313-musllinux_1_2_aarch64.whl", false),
            ("a-1-cp313-cp313-manylinux_2_39_aarch64.whl", false),
            ("a-1-cp313-cp313-manylinux1_aarch64.whl", false),
            ("a-1-cp313-cp313t-manylinux_2_17_aarch64.whl", false),
            ("a-1-cp312-cp312-manylinux_2_17_aarch64.whl", false),
            ("a-1-cp314-abi3-manylinux_2_17_aarch64.whl", false),
            ("a-1-cp313-cp313-win_arm64.whl", false),
            ("a-1-pp310-pypy310_pp73-manylinux_2_17_aarch64.whl", false),
            ("a-1-py2-none-any.whl", false),
            ("a-1-py314-none-any.whl", false),
        ] {
            let name = WheelName::parse(wheel).unwrap();
            assert_eq!(name.rank(&supported).is_some(), runs, "{wheel}");
        }
        for other in [
            "a-1.tar.gz",
            "a-1-py3-none.whl",
            "a-1-x-y-py3-none-any.whl",
            "a-1-b1-py3-none-any.whl",
        ] {
            assert_eq!(WheelName::parse(other), None, "{other}");
        }
    }
}
