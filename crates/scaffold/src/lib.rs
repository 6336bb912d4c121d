//! Applications from a template: a folder of files, some of them with placeholders.
//!
//! A [`Template`] is read, [rendered](Template::render) into an [`App`] in memory, where everything is
//! checked, and only then [written](App::write): all of it, or nothing. [`update`] brings an app to a
//! newer state of its template; [`Argo`] holds the Applications of all apps to their overlays.
//!
//! ```
//! use windlass_scaffold::{Answers, Environment, File, Files, Site, Template};
//!
//! let file = |text: &str| File { bytes: text.as_bytes().to_vec(), executable: false };
//! let template = Template::new("apps/.template", Files::from([
//!     ("template.yaml".into(), file("application: app.jinja\n")),
//!     ("app.jinja".into(), file("name: {{ name }}-{{ environment.name }}\n")),
//!     ("README.md.jinja".into(), file("# {{ name }}\n")),
//!     ("k8s/overlays/prod/kustomization.yaml".into(), file("resources: []\n")),
//! ]))?;
//! let site = Site {
//!     apps: "apps".into(),
//!     registry: "docker.io/example".into(),
//!     repository: "https://github.com/example/gitops.git".into(),
//!     environments: vec![Environment { name: "prod".into(), branch: "main".into(), tag: None }],
//! };
//! let app = template.render("shop", &Answers::new(), &site)?;
//! assert_eq!(app.files()["apps/shop/README.md"].bytes, b"# shop\n");
//! assert_eq!(app.files()["argo/apps/shop-prod.yaml"].bytes, b"name: shop-prod\n");
//! # Ok::<(), windlass_scaffold::Error>(())
//! ```

mod app;
mod argo;
mod ask;
mod change;
mod error;
mod files;
mod given;
mod language;
mod merge;
mod name;
mod question;
mod record;
mod register;
mod revision;
mod settings;
mod site;
mod template;
mod update;
mod way;
mod write;

pub use app::App;
pub use argo::{Argo, Finding};
pub use ask::{Ask, Prompt};
pub use change::Changes;
pub use error::{Error, ErrorKind};
pub use files::{File, Files};
pub use given::{Answers, Given, answers, set};
pub use merge::Conflict;
pub use question::{Kind, Question};
pub use record::Record;
pub use site::{Environment, Site, repository};
pub use template::Template;
pub use update::{Update, update};
