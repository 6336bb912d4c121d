//! The common tasks, as README.md types them.

use windlass_cli::Failure;

/// A common task of README.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scenario {
    /// A change of an application, carried to production
    Feature,
    /// A new application
    NewApp,
    /// A newer version of something an application depends on
    Dependency,
    /// A fix that goes to production first
    Hotfix,
}

impl Scenario {
    /// The name in the mark of the block.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Feature => "feature",
            Self::NewApp => "new-app",
            Self::Dependency => "dependency",
            Self::Hotfix => "hotfix",
        }
    }

    /// The lines of the block after `<!-- scenario: NAME -->`, without comments.
    pub(crate) fn lines(self, readme: &str) -> Result<Vec<String>, Failure> {
        let mark = format!("<!-- scenario: {} -->", self.name());
        let Some((_, after)) = readme.split_once(&mark) else {
            let message = format!("README.md has no line `{mark}`");
            let hint = "put it before the block of commands that make up the task";
            return Err(Failure::input(message, Some(hint.to_owned())));
        };
        let mut lines = after.lines().skip_while(|line| line.trim().is_empty());
        if !lines.next().is_some_and(|line| line.starts_with("```")) {
            let message = format!("no block of commands follows `{mark}` in README.md");
            return Err(Failure::input(message, None));
        }
        Ok(joined(lines.take_while(|line| !line.starts_with("```"))))
    }
}

/// Lines without comments and blanks; one that ends with a backslash goes on in the next.
fn joined<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut joined = Vec::new();
    let mut open = String::new();
    for line in lines {
        let blank = line.trim().is_empty() || line.trim_start().starts_with('#');
        if open.is_empty() && blank {
            continue;
        }
        open.push_str(line);
        if !line.ends_with('\\') {
            joined.push(std::mem::take(&mut open));
            continue;
        }
        open.push('\n');
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_the_marked_block() {
        let readme = "# A\n```sh\nother\n```\n<!-- scenario: hotfix -->\n\n```sh\n# why\none \\\n  more\n\ntwo # why\n```\nthree\n";
        let lines = Scenario::Hotfix.lines(readme).unwrap();
        assert_eq!(lines, ["one \\\n  more", "two # why"]);
        assert!(Scenario::Feature.lines(readme).is_err());
        assert!(
            Scenario::NewApp
                .lines("<!-- scenario: new-app -->\ntext\n")
                .is_err()
        );
    }

    #[test]
    fn the_readme_has_every_task() {
        let readme = include_str!("../../README.md");
        for scenario in <Scenario as clap::ValueEnum>::value_variants() {
            let lines = scenario.lines(readme).unwrap();
            assert!(
                lines.iter().any(|line| line.starts_with("git push")),
                "{lines:?}"
            );
        }
    }
}
