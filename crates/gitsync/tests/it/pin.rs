//! Pins: what changes in an overlay, and what is refused.

use crate::world::{World, quick, remote, shown, signature};
use windlass_gitsync::{Error, ErrorKind, Pin, PinOptions, Pinned, pin, pin_message, sync};

const DEV: &str = "apps/web/k8s/overlays/dev/kustomization.yaml";
const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Pins on a branch, over a folder: the way there has tests of its own. Without a slash before the
/// `=` it is the application `web` with the usual digest.
fn run(world: &World, pins: &str, options: &PinOptions) -> Result<Vec<Pinned>, Error> {
    run_for(None, world, pins, options)
}

fn run_for(
    image: Option<&str>,
    world: &World,
    pins: &str,
    options: &PinOptions,
) -> Result<Vec<Pinned>, Error> {
    let read = |text: &str| match text.split('=').next() {
        Some(place) if place.contains('/') && !place.starts_with('.') => text.parse(),
        _ => {
            let mut pin = Pin::of("web", text)?;
            pin.image = image.map(str::to_owned);
            pin.digest = Some(DIGEST.parse()?);
            Ok(pin)
        }
    };
    let pins: Vec<Pin> = pins.split(' ').map(read).collect::<Result<_, Error>>()?;
    let mut pinned = Vec::new();
    sync(
        &mut *remote(world.path()),
        "main",
        &signature(),
        &quick(),
        &mut |draft| {
            pinned = pin(draft, &pins, options)?;
            Ok(pin_message(&pinned))
        },
    )?;
    Ok(pinned)
}

fn overlay(text: &str) -> World {
    World::with(&[
        (DEV, text),
        (
            "apps/web/k8s/overlays/prod/kustomization.yml",
            "images:\n- name: web\n  newTag: v1.2.0\n",
        ),
        ("apps/api/k8s/overlays/dev/Kustomization", "images: []\n"),
    ])
}

fn refused(text: &str, pins: &str, options: &PinOptions) -> String {
    let world = overlay(text);
    let before = world.tip("main");
    let error = run(&world, pins, options).unwrap_err();
    assert_eq!(world.tip("main"), before);
    shown(&error)
}

fn with(change: impl FnOnce(&mut PinOptions)) -> PinOptions {
    let mut options = PinOptions::default();
    change(&mut options);
    options
}

#[test]
fn only_tag_and_digest_change() {
    let world = overlay(
        "# ours\nnamePrefix: dev-   # kept\nimages:\n  - name: other\n    newTag: '1'\n  - name: web  # the app\n    newName: docker.io/example/web\n    newTag: dev-latest # moves\n\n# end",
    );
    let pinned = run(&world, "dev=dev-1.10", &PinOptions::default()).unwrap();
    assert_eq!(
        (&pinned[0].before[..], pinned[0].changed()),
        ("dev-latest", true)
    );
    insta::assert_snapshot!(world.file("main", DEV).unwrap(), @"
    # ours
    namePrefix: dev-   # kept
    images:
      - name: other
        newTag: '1'
      - name: web  # the app
        newName: docker.io/example/web
        newTag: dev-1.10 # moves
        digest: sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

    # end
    ");
    insta::assert_snapshot!(world.log("main")[0], @"
    Pin web in dev to dev-1.10@sha256:0123456789ab

    dev: web:dev-1.10@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

    Windlass-Pin: web dev
    Windlass-Id: 3634f955909b4f143590efb9a74e7dee08e5eab3
    ");
    assert_eq!(
        world
            .file("main", "apps/api/k8s/overlays/dev/Kustomization")
            .unwrap(),
        "images: []\n"
    );
}

#[test]
fn twice_is_once() {
    let world = overlay("images:\n- {name: web, newTag: a, digest: 'sha256:0'}\r\n");
    run(&world, "dev=b prod=v1.2.1", &PinOptions::default()).unwrap();
    let (tip, text) = (world.tip("main"), world.file("main", DEV).unwrap());
    let expected = format!("images:\n- {{name: web, newTag: b, digest: '{DIGEST}'}}\r\n");
    assert_eq!(text, expected);
    // What is there already needs no permission.
    let again = with(|options| options.expect = Some("a".to_owned()));
    let pinned = run(&world, "dev=b prod=v1.2.1", &again).unwrap();
    assert!(pinned.iter().all(|pinned| !pinned.changed()));
    assert_eq!(world.tip("main"), tip);
}

#[test]
fn several_environments_are_one_commit() {
    let world = overlay("images: [{name: web}]\n");
    let pinned = run(&world, "dev=dev-latest prod=v2.0.0", &PinOptions::default()).unwrap();
    assert_eq!(
        pinned[1].path,
        "apps/web/k8s/overlays/prod/kustomization.yml"
    );
    assert_eq!(pinned[1].before, "v1.2.0");
    assert_eq!(world.log("main").len(), 2);
    assert!(world.log("main")[0].contains("\nWindlass-Pin: web dev\nWindlass-Pin: web prod\n"));
}

#[test]
fn the_image_is_found_or_asked_for() {
    let two = "images:\n- name: a\n- name: b\n";
    let usual = PinOptions::default();
    let only = overlay("images:\n- name: something\n");
    assert_eq!(
        run(&only, "dev=x", &PinOptions::default()).unwrap()[0].image,
        "something"
    );
    assert_eq!(
        run_for(Some("b"), &overlay(two), "dev=x", &usual).unwrap()[0].image,
        "b"
    );
    insta::assert_snapshot!(refused(two, "dev=x", &PinOptions::default()), @"
    Image/Input: `apps/web/k8s/overlays/dev/kustomization.yaml` has several images, and none is called `web`
    hint: name one of `a`, `b` with `--image`
    ");
    let error = run_for(Some("c"), &overlay(two), "dev=x", &usual).unwrap_err();
    insta::assert_snapshot!(shown(&error), @"
    Image/Input: `apps/web/k8s/overlays/dev/kustomization.yaml` has no image `c`
    hint: it has `a`, `b`; add another with `--add`
    ");
    insta::assert_snapshot!(refused("resources: []\n", "dev=x", &PinOptions::default()), @"
    Image/Input: `apps/web/k8s/overlays/dev/kustomization.yaml` has no `images` to pin `web` in
    hint: add it with `--add`
    ");
    let add = PinOptions { add: true, ..usual };
    for text in [two, "resources: []\n", "images: []\n", "", "images:\n"] {
        let world = overlay(text);
        run_for(Some("c"), &world, "dev=x", &add).unwrap();
        let file = world.file("main", DEV).unwrap();
        assert!(
            file.contains("name: c") && file.contains("newTag: x"),
            "{file}"
        );
        assert!(!run_for(Some("c"), &world, "dev=x", &add).unwrap()[0].changed());
    }
}

#[test]
fn a_version_does_not_go_back_unless_told() {
    let at = |tag: &str| format!("images:\n- name: web\n  newTag: {tag}\n");
    for (old, new) in [
        ("v1.2.0", "v1.1.9"),
        ("1.10.0", "v1.9.0"),
        ("v1.0.0", "v1.0.0-rc.1"),
        ("v2.0.0", "v1.999.0"),
    ] {
        let pins = format!("dev={new}");
        let text = refused(&at(old), &pins, &PinOptions::default());
        assert!(text.starts_with("Downgrade/Input"), "{text}");
        let allowed = with(|options| options.allow_downgrade = true);
        run(&overlay(&at(old)), &pins, &allowed).unwrap();
    }
    for (old, new) in [
        ("v1.2.0", "v1.2.0"),
        ("v1.2.0", "v1.10.0"),
        ("v1.2.0+a", "v1.2.0"),
        ("dev-latest", "v0.1.0"),
        ("v1.2.0", "dev-latest"),
        ("'1.2'", "1.1"),
    ] {
        run(
            &overlay(&at(old)),
            &format!("dev={new}"),
            &PinOptions::default(),
        )
        .unwrap();
    }
    insta::assert_snapshot!(refused(&at("v2.0.0"), "dev=v1.9.0", &PinOptions::default()), @"
    Downgrade/Input: `web` in dev is at `v2.0.0`, which is newer than `v1.9.0`
    hint: if it shall go back, say so with `--allow-downgrade`
    ");
}

#[test]
fn an_expected_tag_must_be_there() {
    let expect = with(|options| options.expect = Some("a".to_owned()));
    let text = "images:\n- name: web\n  newTag: a\n";
    assert!(run(&overlay(text), "dev=b", &expect).unwrap()[0].changed());
    insta::assert_snapshot!(refused(&text.replace(": a", ": c"), "dev=b", &expect), @"
    Expected/Input: `web` in `apps/web/k8s/overlays/dev/kustomization.yaml` has the tag `c`, not `a`
    hint: someone changed it: look at the branch's history before you pin
    ");
    insta::assert_snapshot!(refused("images: [{name: web}]", "dev=b", &expect), @"
    Expected/Input: `web` in `apps/web/k8s/overlays/dev/kustomization.yaml` has no tag, not `a`
    hint: someone changed it: look at the branch's history before you pin
    ");
}

#[test]
fn what_is_not_there_is_named() {
    let text = "images: [{name: web}]\n";
    insta::assert_snapshot!(refused(text, "dve=x", &PinOptions::default()), @"
    Overlay/Input: `web` has no overlay `dve`: no kustomization file in `apps/web/k8s/overlays/dve`
    hint: there is `dev`, `prod`
    ");
    let elsewhere = with(|options| options.apps = "services".to_owned());
    insta::assert_snapshot!(refused(text, "dev=x", &elsewhere), @"Overlay/Input: there is no application `web` with overlays in `services/web/k8s/overlays`");
    let outside = with(|options| options.apps = "../apps".to_owned());
    insta::assert_snapshot!(refused(text, "dev=x", &outside), @"Path/Input: cannot touch `../apps/web/k8s/overlays/dev/kustomization.yaml`: it is not a path inside the repository");
    let world = World::with(&[
        (DEV, text),
        ("apps/web/k8s/overlays/dev/Kustomization", text),
    ]);
    insta::assert_snapshot!(shown(&run(&world, "dev=x", &PinOptions::default()).unwrap_err()), @"
    Overlay/Input: cannot choose between `apps/web/k8s/overlays/dev/kustomization.yaml` and `apps/web/k8s/overlays/dev/Kustomization`
    hint: keep one: kustomize refuses a folder with both
    ");
    let mistyped = World::with(&[("apps/wev/k8s/overlays/dev/kustomization.yaml", text)]);
    insta::assert_snapshot!(shown(&run(&mistyped, "dev=x", &PinOptions::default()).unwrap_err()), @"
    Overlay/Input: there is no application `web` with overlays in `apps/web/k8s/overlays`
    hint: did you mean `wev`?
    ");
}

#[test]
fn words_that_cannot_be_pins_are_refused() {
    let text = "images: [{name: web}]\n";
    insta::assert_snapshot!(refused(text, "dev", &PinOptions::default()), @"
    Value/Input: cannot read the pin `dev`
    hint: write it like `dev=dev-latest`
    ");
    insta::assert_snapshot!(refused(text, "dev=a:b", &PinOptions::default()), @"Value/Input: `a:b` is no tag of an image");
    insta::assert_snapshot!(refused(text, "../dev=a", &PinOptions::default()), @"Value/Input: `../dev` is no name of an environment");
    let digest = "sha256:12".parse::<windlass_gitsync::Digest>();
    insta::assert_snapshot!(shown(&digest.unwrap_err()), @"
    Value/Input: `sha256:12` is no digest of an image
    hint: a digest is `sha256:` and 64 hexadecimal digits
    ");
}

#[test]
fn a_file_that_cannot_be_edited_is_an_error_at_its_place() {
    use windlass_fault::Fault;
    let world = overlay("images:\n  - name: web\n  newTag: x\n");
    let error = run(&world, "dev=x", &PinOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Edit);
    assert_eq!(error.location().unwrap().path, DEV);
    let anchored = "images:\n- name: web\n  newTag: &tag a\n- name: b\n  newTag: *tag\n";
    let text = refused(anchored, "dev=x", &PinOptions::default());
    assert!(text.starts_with("Edit/Input"), "{text}");
}

#[test]
fn a_file_that_is_no_text_is_refused() {
    let world = overlay("images: [{name: web}]\n");
    sync(
        &mut *remote(world.path()),
        "main",
        &signature(),
        &quick(),
        &mut |draft| {
            draft.write(DEV, b"images: \xff".to_vec())?;
            Ok("Break".to_owned())
        },
    )
    .unwrap();
    let error = run(&world, "dev=x", &PinOptions::default()).unwrap_err();
    insta::assert_snapshot!(shown(&error), @"
    Overlay/Input: cannot read `apps/web/k8s/overlays/dev/kustomization.yaml`
    caused by: invalid utf-8 sequence of 1 bytes from index 8
    ");
}

#[test]
fn many_pins_are_one_commit() {
    let world = overlay("images:\n- name: web\n- name: side/car\n");
    let pins =
        format!("web/dev=v1@{DIGEST} web/dev/side/car=v2 web/prod=v1.3.0@{DIGEST} api/dev/api=v3");
    let add = with(|options| options.add = true);
    run(&world, &pins, &add).unwrap();
    insta::assert_snapshot!(world.file("main", DEV).unwrap(), @"
    images:
    - name: web
      newTag: v1
      digest: sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    - name: side/car
      newTag: v2
    ");
    insta::assert_snapshot!(world.log("main")[0], @"
    Pin web and api in dev and prod

    web dev: web:v1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    web dev: side/car:v2
    web prod: web:v1.3.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    api dev: api:v3

    Windlass-Pin: web dev
    Windlass-Pin: web prod
    Windlass-Pin: api dev
    Windlass-Id: 64dbb5572ffb0f94cab0143584ee98e0aa79f7af
    ");
    let tip = world.tip("main");
    assert!(
        run(&world, &pins, &add)
            .unwrap()
            .iter()
            .all(|it| !it.changed())
    );
    assert_eq!(world.tip("main"), tip);
}

#[test]
fn all_refusals_are_told_and_nothing_is_written() {
    use windlass_fault::Fault;
    let text = format!("images:\n- name: web\n  newTag: v1.0.0\n  digest: {DIGEST}\n");
    let world = overlay(&text);
    let before = world.tip("main");
    let pins =
        format!("web/dev=v1.1.0 web/prod=v1.1.0 api/dev=v1 wbe/dev=v1 web/prod=v1.3.0@{DIGEST}");
    let error = run(&world, &pins, &PinOptions::default()).unwrap_err();
    let mut all = vec![shown(&error)];
    let others = error.others().into_iter();
    all.extend(others.map(|other| format!("{other}\nhint: {}", other.hint().unwrap_or_default())));
    insta::assert_snapshot!(all.join("\n\n"), @"
    Image/Input: `web` in `apps/web/k8s/overlays/dev/kustomization.yaml` has a digest, which decides what runs: `sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef`
    hint: name the digest of the new tag, as in `TAG@sha256:…`

    `web` in prod is at `v1.2.0`, which is newer than `v1.1.0`
    hint: if it shall go back, say so with `--allow-downgrade`

    `apps/api/k8s/overlays/dev/Kustomization` has no `images` to pin `api` in
    hint: add it with `--add`

    there is no application `wbe` with overlays in `apps/wbe/k8s/overlays`
    hint: there is `api`, `web`
    ");
    assert_eq!(world.tip("main"), before);
}

#[test]
fn what_is_held_is_not_pinned() {
    use windlass_fault::Fault;
    let text = "images:\n# windlass: hold -- the new one leaks\n- name: web\n  newTag: v1\n";
    let world = overlay(text);
    let error = run(&world, "dev=v2", &PinOptions::default()).unwrap_err();
    insta::assert_snapshot!(shown(&error), @"
    Held/Input: `web` in dev is held: the new one leaks
    hint: let it go with `env-rollback dev --release --app web`
    ");
    let place = error.location().unwrap();
    assert_eq!((place.path.as_str(), place.line), (DEV, 2));
    // What is there already needs no permission.
    let same = format!("images:\n- name: web # windlass: hold\n  newTag: v1\n  digest: {DIGEST}\n");
    run(&overlay(&same), "dev=v1", &PinOptions::default()).unwrap();
}
