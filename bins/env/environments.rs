//! Which environments, applications and images a command is about.

use windlass_cli::{Config, Environment, Failure};
use windlass_fault::nearest;
use windlass_gitsync::Scope;

#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Flags {
    /// Only this application; several in one word or several times
    #[arg(long, value_name = "APP")]
    app: Vec<String>,
    /// Only images of this name; several in one word or several times
    #[arg(long, value_name = "NAME")]
    image: Vec<String>,
}

impl Flags {
    pub(crate) fn scope(&self, config: &Config) -> Scope {
        let words = |texts: &[String]| {
            let words = texts.iter().flat_map(|text| text.split_whitespace());
            words.map(str::to_owned).collect()
        };
        Scope {
            folder: config.apps.clone(),
            apps: words(&self.app),
            images: words(&self.image),
        }
    }
}

/// The environment of this name, with its branch.
pub(crate) fn named<'c>(config: &'c Config, name: &str) -> Result<&'c Environment, Failure> {
    let all = &config.environments;
    if let Some(found) = all.iter().find(|one| one.name == name) {
        return Ok(found);
    }
    let names: Vec<&str> = all.iter().map(|one| &one.name[..]).collect();
    let hint = match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("windlass.yaml knows `{}`", names.join("`, `")),
    };
    Err(Failure::input(
        format!("there is no environment `{name}`"),
        Some(hint),
    ))
}
