//! What holds for every template.

use crate::{shop, text};
use proptest::collection::vec;
use proptest::prelude::*;
use std::path::{Component, Path};

/// Pieces that make templates, broken ones mostly.
fn template_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{{ "),
        Just(" }}"),
        Just("{% if name %}"),
        Just("{% else %}"),
        Just("{% endif %}"),
        Just("{% for a in [name, owner] %}"),
        Just("{% endfor %}"),
        Just("{% raw %}"),
        Just("{% endraw %}"),
        Just("{%- "),
        Just(" -%}"),
        Just("{# "),
        Just("name"),
        Just("owner|upper"),
        Just("|replace('u', name)"),
        Just("not "),
        Just("[("),
        Just("'"),
        Just("é\n"),
    ];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_rendered_or_refused(source in template_text()) {
        if let Ok(app) = shop(&[("x.jinja", Some(&source))]) {
            prop_assert!(text(&app, "apps/shop/x").len() <= 1 << 20);
        }
    }

    #[test]
    fn text_without_tags_stays_as_it_is(source in "[^{]{0,200}") {
        let app = shop(&[("x.jinja", Some(&source))]).unwrap();
        prop_assert_eq!(text(&app, "apps/shop/x"), source);
    }

    #[test]
    fn rendering_twice_gives_the_same(source in template_text()) {
        let app = || shop(&[("x.jinja", Some(&source))]).map_err(|e| e.to_string());
        prop_assert_eq!(app(), app());
    }

    #[test]
    fn every_file_is_in_the_apps_folder_or_an_application(path in "[ab./\\\\{}]{1,12}") {
        let Ok(app) = shop(&[(&path, Some("x"))]) else { return Ok(()) };
        for path in app.files().keys() {
            let plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
            prop_assert!(plain, "{}", path);
            prop_assert!(path.starts_with("apps/shop/") || path.starts_with("argo/apps/shop-"), "{}", path);
        }
    }
}
