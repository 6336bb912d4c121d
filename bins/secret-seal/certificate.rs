//! Where the certificate comes from.

use crate::flags::Args;
use std::path::Path;
use std::time::Duration;
use windlass_cli::{Context, Failure};
use windlass_fault::Warning;
use windlass_gitsync::{Access, Fetcher};
use windlass_seal::Certificate;

/// Where a repository keeps it.
const USUAL: &str = "argo/sealed-secrets/cert.pem";

/// How long a server may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The certificate, which has not expired, and what is odd about it.
pub(crate) fn read(args: &Args, context: &Context) -> Result<(Certificate, Vec<Warning>), Failure> {
    let (name, bytes) = find(args, context)?;
    let certificate = Certificate::parse(&name, &bytes)?;
    let now = context.now();
    certificate.check(now)?;
    let fingerprint = certificate.fingerprint();
    context.detail(format_args!(
        "the certificate is {fingerprint}, from {}",
        certificate.since()
    ));
    let mut warnings = Vec::new();
    if certificate.age(now) > args.max_age {
        let message = format!("the certificate is {} days old", certificate.age(now));
        let hint = "the controller makes a new key each month, see --fetch-cert";
        warnings.push(Warning::new(message).at(certificate.location()).hint(hint));
    }
    Ok((certificate, warnings))
}

/// The certificate to hold what is sealed to, if one is known. It may have expired: what was sealed
/// with it opens all the same.
pub(crate) fn known(args: &Args, context: &Context) -> Result<Option<Certificate>, Failure> {
    let is_told = args.cert.is_some() || args.controller_url.is_some();
    if !is_told && !context.path(USUAL).is_file() {
        return Ok(None);
    }
    let (name, bytes) = find(args, context)?;
    Ok(Some(Certificate::parse(&name, &bytes)?))
}

/// The text of a certificate that was fetched, looked at before it is printed.
pub(crate) fn fetched(args: &Args, context: &Context) -> Result<String, Failure> {
    if args.cert.is_none() && args.controller_url.is_none() {
        return Err(Failure::usage(
            "--fetch-cert asks the cluster's API where `kubectl proxy` serves it: start that, and give \
             --controller-url http://127.0.0.1:8001",
        ));
    }
    let (name, bytes) = find(args, context)?;
    Certificate::parse(&name, &bytes)?.check(context.now())?;
    String::from_utf8(bytes).map_err(|_| Failure::input(format!("`{name}` is not text"), None))
}

fn find(args: &Args, context: &Context) -> Result<(String, Vec<u8>), Failure> {
    if let Some(url) = &args.controller_url {
        return of_controller(url, args, context);
    }
    let given = match &args.cert {
        Some(given) if given.contains("://") && !given.starts_with("file://") => {
            return Ok((given.clone(), get(given, context)?));
        }
        Some(given) => given.strip_prefix("file://").unwrap_or(given),
        None if context.path(USUAL).is_file() => USUAL,
        None => {
            let hint = format!("give it with --cert, or keep it in {USUAL}");
            return Err(Failure::input(
                "no certificate is known to seal with",
                Some(hint),
            ));
        }
    };
    let bytes = crate::files::read(Path::new(given), context)?;
    Ok((given.to_owned(), bytes))
}

/// The certificate as the API's proxy gets it from the controller, at the first port of its Service
/// as kubeseal does.
fn of_controller(url: &str, args: &Args, context: &Context) -> Result<(String, Vec<u8>), Failure> {
    let (name, namespace) = (&args.controller_name, &args.controller_namespace);
    for part in [name, namespace] {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
        if part.is_empty() || !part.bytes().all(fits) {
            return Err(Failure::usage(format!("`{part}` is no name of Kubernetes")));
        }
    }
    let services = format!(
        "{}/api/v1/namespaces/{namespace}/services",
        url.trim_end_matches('/')
    );
    let service = format!("{services}/{name}");
    let answer = get(&service, context)?;
    let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap_or_default();
    let Some(port) = answer.pointer("/spec/ports/0") else {
        let message = format!("`{service}` is no Service with a port");
        return Err(Failure::world(message, None));
    };
    let port = port["name"].as_str().unwrap_or_default();
    let address = format!("{services}/http:{name}:{port}/proxy/v1/cert.pem");
    let bytes = get(&address, context)?;
    Ok((address, bytes))
}

/// What an address has. Whoever could change it on its way could read what is sealed with it, so it
/// comes by https, or from this machine.
fn get(url: &str, context: &Context) -> Result<Vec<u8>, Failure> {
    let authority = url
        .strip_prefix("http://")
        .and_then(|rest| rest.split(['/', '?', '#', '\\']).next());
    // What stands before an `@` is no host.
    let is_local = authority.is_some_and(|authority| {
        let host = authority.split(':').next().unwrap_or_default();
        matches!(host, "127.0.0.1" | "localhost") && !authority.contains('@')
    });
    if !is_local && !url.starts_with("https://") {
        let hint = "take it by https, or from `kubectl proxy` on this machine";
        let message =
            format!("`{url}` can be changed on its way, and with it who can read what is sealed");
        return Err(Failure::input(message, Some(hint.to_owned())));
    }
    let access = Access {
        // A token of the environment is meant for the user's own repository.
        token: None,
        ..Access::from_variables(context.directory(), |name| context.env(name))
    };
    context.detail(format_args!("looking for {url}"));
    let (content, _) = Fetcher::new(&context.cache(), access, false).file(url, PATIENCE)?;
    Ok(content)
}
