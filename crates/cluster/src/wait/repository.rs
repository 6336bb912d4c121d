//! Whether two addresses name the same git repository.

/// An address without what different ways to the same repository differ in: the protocol, the
/// user, the port of ssh, `.git` at the end, case. Argo CD drops less (util/git/git.go,
/// `NormalizeGitURL`), but a CI job has cloned over https what Argo CD reads over ssh.
pub(crate) fn plain(address: &str) -> String {
    let address = address.trim().to_lowercase();
    let (scheme, rest) = match address.split_once("://") {
        Some((scheme, rest)) => (scheme, rest.to_owned()),
        None => scp(&address),
    };
    let rest = rest.trim_end_matches('/');
    let rest = rest.strip_suffix(".git").unwrap_or(rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => "",
    };
    let host = match scheme {
        "ssh" => host.split_once(':').map_or(host, |(host, _)| host),
        _ => host.strip_suffix(port).unwrap_or(host),
    };
    format!("{host}/{}", path.trim_matches('/'))
}

/// `user@host:path`, as ssh has it; any other text without a protocol is a path.
fn scp(address: &str) -> (&'static str, String) {
    match address.split_once(':') {
        Some((host, path)) if !host.contains('/') => {
            ("ssh", format!("{host}/{}", path.trim_start_matches('/')))
        }
        _ => ("file", address.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_to_the_same_repository() {
        for address in [
            "https://github.com/Team/Shop.git",
            "https://token@github.com:443/team/shop/",
            "git@github.com:team/shop.git",
            "ssh://git@github.com:22/team/shop",
            " ssh://github.com/team/shop.git/ ",
        ] {
            assert_eq!(plain(address), "github.com/team/shop", "{address}");
        }
        for address in [
            "https://github.com/team/shop2",
            "https://github.com:8443/team/shop",
            "https://gitlab.com/team/shop",
            "/srv/team/shop",
        ] {
            assert_ne!(plain(address), "github.com/team/shop", "{address}");
        }
    }
}
