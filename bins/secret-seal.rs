//! Seal Secrets for git.

#[path = "secret-seal/certificate.rs"]
mod certificate;
#[path = "secret-seal/files.rs"]
mod files;
#[path = "secret-seal/flags.rs"]
mod flags;
#[path = "secret-seal/overlay.rs"]
mod overlay;
#[path = "secret-seal/seen.rs"]
mod seen;

use files::Input;
use flags::Args;
use seen::Seen;
use std::fmt;
use std::path::{Path, PathBuf};
use windlass_cli::{Context, Failure, Report};
use windlass_fault::Warning;
use windlass_seal::{
    Certificate, Changes, Checks, Form, Merging, PrivateKey, SealedFile, Sealing, Secret,
};
use zeroizing_alloc::ZeroAlloc;

/// Wipes all memory that is given back: values pass through buffers of several libraries.
#[global_allocator]
static WIPING: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

/// Values of a Secret are in no field that is serialized.
#[derive(Default, serde::Serialize)]
struct Output {
    /// Whether a file or a value changed.
    changed: bool,
    /// The values that were sealed, as `secret/key`.
    sealed: Vec<String>,
    /// Those that stay as they are, since a private key showed them to be the same.
    kept: Vec<String>,
    /// Those that went.
    removed: Vec<String>,
    /// The file that was written.
    written: Option<PathBuf>,
    /// How many SealedSecrets were found to be good.
    valid: usize,
    #[serde(skip)]
    text: String,
    #[serde(skip)]
    warnings: Vec<Warning>,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Report for Output {
    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

fn main() -> std::process::ExitCode {
    windlass_cli::main(run)
}

fn run(args: Args, context: &Context) -> Result<Output, Failure> {
    if args.mode.fetch_cert {
        let text = certificate::fetched(&args, context)?;
        return finish(
            &args,
            context,
            Output {
                text,
                ..Output::default()
            },
        );
    }
    if args.mode.raw {
        return raw(&args, context);
    }
    let keys = files::keys(&args, context)?;
    if args.mode.validate {
        return validate(&args, &keys, context);
    }
    if args.mode.recovery_unseal {
        return unseal(&args, &keys, context);
    }
    if args.mode.re_encrypt {
        return re_encrypt(&args, &keys, context);
    }
    seal(&args, &keys, context)
}

/// One value, sealed for a name that is told.
fn raw(args: &Args, context: &Context) -> Result<Output, Failure> {
    let scope = args.scope.unwrap_or_default();
    let seen = Seen::new(args, context)?;
    let identity = seen.of_named(args.name.as_deref(), scope)?;
    let label = identity.label(scope)?;
    let (certificate, mut warnings) = certificate::read(args, context)?;
    let value = files::value(args, context)?;
    if args.from_file.is_none() && value.ends_with(b"\n") {
        let warning = Warning::new("the value ends with a line break, which is sealed with it");
        warnings.push(warning.hint("printf '%s' prints without one"));
    }
    let text = certificate.seal(&value, &label)?;
    let output = Output {
        changed: true,
        text,
        warnings,
        ..Output::default()
    };
    finish(args, context, output)
}

fn validate(args: &Args, keys: &[PrivateKey], context: &Context) -> Result<Output, Failure> {
    let input = Input::read(args, context)?;
    let file = SealedFile::parse(&input.name, &input.bytes)?;
    let seen = Seen::new(args, context)?;
    let certificate = certificate::known(args, context)?;
    let checks = Checks {
        certificate: certificate.as_ref(),
        keys,
        now: context.now(),
        max_age: Some(args.max_age),
    };
    let mut output = Output::default();
    for sealed in file.sealed() {
        let seen = seen.of_checked(input.path.as_deref(), sealed)?;
        output.warnings.extend(sealed.check(&seen, &checks)?);
        output.valid += 1;
    }
    files::none_sealed(output.valid, &input)?;
    Ok(output)
}

fn unseal(args: &Args, keys: &[PrivateKey], context: &Context) -> Result<Output, Failure> {
    flags::need_keys(keys, "--recovery-unseal")?;
    let input = Input::read(args, context)?;
    let file = SealedFile::parse(&input.name, &input.bytes)?;
    let seen = Seen::new(args, context)?;
    let mut text = String::new();
    for sealed in file.sealed() {
        let seen = seen.of_sealed(input.path.as_deref(), sealed)?;
        text.push_str(&sealed.unseal(&seen, keys)?.reveal(args.form(&input))?);
    }
    files::none_sealed(text.len(), &input)?;
    let mut output = Output {
        text,
        ..Output::default()
    };
    if let Some(path) = &args.sealed_secret_file {
        files::write_private(&context.path(path), &output.text)?;
        output.written = Some(path.clone());
        output.text.clear();
    }
    Ok(output)
}

fn re_encrypt(args: &Args, keys: &[PrivateKey], context: &Context) -> Result<Output, Failure> {
    flags::need_keys(keys, "--re-encrypt")?;
    let (certificate, warnings) = certificate::read(args, context)?;
    let input = Input::read(args, context)?;
    let mut file = SealedFile::parse(&input.name, &input.bytes)?;
    files::none_sealed(file.sealed().count(), &input)?;
    let names: Vec<String> = file
        .sealed()
        .map(|sealed| sealed.own().name.clone())
        .collect();
    let seen = Seen::new(args, context)?;
    let mut identities = Vec::new();
    for sealed in file.sealed() {
        identities.push(seen.of_sealed(input.path.as_deref(), sealed)?);
    }
    let mut output = Output {
        warnings,
        ..Output::default()
    };
    for (name, changes) in names
        .iter()
        .zip(file.reseal(&certificate, keys, &identities)?)
    {
        output.add(name, changes);
    }
    output.text = file.text();
    finish(args, context, output)
}

/// Seals Secrets: into files that are there, or new ones.
fn seal(args: &Args, keys: &[PrivateKey], context: &Context) -> Result<Output, Failure> {
    let (certificate, warnings) = certificate::read(args, context)?;
    let input = Input::read(args, context)?;
    let secrets = files::secrets(args, &input)?;
    let target = args.target();
    let there = match target {
        Some(path) => files::present(path, args.mode.merge_into.is_some(), context)?,
        None => None,
    };
    let seen = Seen::new(args, context)?;
    let mut output = Output {
        warnings,
        ..Output::default()
    };
    let path = target.map(|path| context.path(path));
    let maker = Maker {
        args,
        target: path.as_deref(),
        keys,
        certificate: &certificate,
        seen: &seen,
        form: args.form(&input),
    };
    output.text = match there {
        Some(mut file) => {
            let more = maker.merged(&secrets, &mut file, &mut output)?;
            file.text_with(&more)
        }
        None => maker.anew(&secrets, &mut output)?,
    };
    finish(args, context, output)
}

struct Maker<'a> {
    args: &'a Args,
    /// The file that is written, as this process finds it.
    target: Option<&'a Path>,
    keys: &'a [PrivateKey],
    certificate: &'a Certificate,
    seen: &'a Seen<'a>,
    form: Form,
}

impl Maker<'_> {
    fn anew(&self, secrets: &[Secret], output: &mut Output) -> Result<String, Failure> {
        let mut text = String::new();
        for secret in secrets {
            text.push_str(&self.one(secret, output)?);
        }
        Ok(text)
    }

    fn one(&self, secret: &Secret, output: &mut Output) -> Result<String, Failure> {
        let scope = self.seen.scope(secret)?;
        let identity = self.seen.of_secret(secret)?;
        let how = Sealing {
            certificate: self.certificate,
            identity: &identity,
            scope,
        };
        let text = secret.seal(&how, self.form)?;
        let sealed = secret.keys().map(str::to_owned).collect();
        output.add(
            &secret.name,
            Changes {
                sealed,
                ..Changes::default()
            },
        );
        Ok(text)
    }

    /// Seals into SealedSecrets that are there; gives the text of those that are not.
    fn merged(
        &self,
        secrets: &[Secret],
        file: &mut SealedFile,
        output: &mut Output,
    ) -> Result<String, Failure> {
        let merges = self.args.mode.merge_into.is_some();
        let is_there = |secret: &&Secret| {
            file.find(&secret.name, secret.namespace.as_deref())
                .is_some()
        };
        let all = secrets.iter().all(|secret| is_there(&secret));
        let adds = !merges && self.form == Form::Yaml;
        if !secrets.iter().any(|secret| is_there(&secret)) || !adds && !all {
            let missing = secrets.iter().find(|secret| !is_there(secret));
            let names = file
                .sealed()
                .map(|sealed| format!("`{}`", sealed.own().name));
            return Err(files::not_there(
                missing,
                &names.collect::<Vec<_>>(),
                self.args,
            ));
        }
        let mut more = String::new();
        for secret in secrets {
            let Some(sealed) = file.find(&secret.name, secret.namespace.as_deref()) else {
                more.push_str(&self.one(secret, output)?);
                continue;
            };
            let identity = self.seen.of_merged(self.target, sealed, secret)?;
            let scope = self.args.scope.unwrap_or(sealed.scope());
            let sealing = Sealing {
                certificate: self.certificate,
                identity: &identity,
                scope,
            };
            let whole = !merges && self.args.key.is_empty();
            let changes = file.merge(
                secret,
                &Merging {
                    sealing,
                    keys: self.keys,
                    whole,
                },
            )?;
            output.add(&secret.name, changes);
        }
        Ok(more)
    }
}

impl Output {
    fn add(&mut self, name: &str, changes: Changes) {
        let named = |keys: Vec<String>| {
            keys.into_iter()
                .map(|key| format!("{name}/{key}"))
                .collect::<Vec<_>>()
        };
        self.changed |= changes.any();
        self.sealed.extend(named(changes.sealed));
        self.kept.extend(named(changes.kept));
        self.removed.extend(named(changes.removed));
    }
}

/// Writes the text where it is for a file.
fn finish(args: &Args, context: &Context, mut output: Output) -> Result<Output, Failure> {
    if let Some(path) = args.target() {
        output.changed = files::write(&context.path(path), &output.text)?;
        output.written = output.changed.then(|| path.to_owned());
        output.text.clear();
    }
    Ok(output)
}
