//! Promotions and rollbacks: what changes in the overlays, and what is refused.

use crate::world::{World, quick, remote, shown, signature};
use std::cell::RefCell;
use windlass_fault::Fault;
use windlass_gitsync::{
    Back, Error, ErrorKind, Field, Pin, PinOptions, PromoteOptions, Promotion, Released, Result,
    Rollback, Scope, look, pin, pin_message, promote, promote_message, release, release_message,
    rollback, rollback_message, running, soak, sync,
};

const OLD: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const NEW: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

fn path(app: &str, environment: &str) -> String {
    format!("apps/{app}/k8s/overlays/{environment}/kustomization.yaml")
}

fn overlay(name: &str, tag: &str, digest: &str) -> String {
    format!(
        "namePrefix: x- # kept\nimages:\n- name: {name} # ours\n  newName: docker.io/team/{name}\n  newTag: {tag}\n  digest: {digest}\nreplicas:\n- name: {name}\n  count: 1\n"
    )
}

/// Two applications, each with an overlay per environment; dev runs newer images than prod.
fn world() -> World {
    let dev = |app| overlay(app, "v1.1.0", NEW).replace("count: 1", "count: 3");
    World::with(&[
        (&path("shop", "dev"), &dev("shop")),
        (&path("shop", "prod"), &overlay("shop", "v1.0.0", OLD)),
        (&path("cart", "dev"), &dev("cart")),
        (&path("cart", "prod"), &overlay("cart", "v1.0.0", OLD)),
        (&path("demo", "dev"), &dev("demo")),
    ])
}

struct Wish<'a> {
    scope: Scope,
    options: PromoteOptions,
    fields: Vec<Field>,
    /// The time, where it matters.
    now: Option<i64>,
    published: &'a dyn Fn(&str, &str) -> bool,
}

impl Default for Wish<'_> {
    fn default() -> Self {
        Self {
            scope: Scope::default(),
            options: PromoteOptions::default(),
            fields: Vec::new(),
            now: None,
            published: &|_, _| true,
        }
    }
}

impl Wish<'_> {
    fn of(apps: &[&str]) -> Self {
        let apps = apps.iter().map(|app| (*app).to_owned()).collect();
        Self {
            scope: Scope {
                apps,
                ..Scope::default()
            },
            ..Self::default()
        }
    }

    fn promote(&self, world: &World) -> Result<Promotion> {
        let mut remote = remote(world.path());
        let all = look(&mut *remote, &quick(), &mut |past| {
            let tip = past.tip("main")?;
            let mut all = running(past, tip, "dev", &self.scope, &self.fields)?;
            if let Some(now) = self.now {
                soak(past, tip, &mut all, now, self.options.soak)?;
            }
            Ok(all)
        })?;
        let mut promotion = Promotion::default();
        let way = ["dev", "prod"];
        let mut published = |name: &str, what: &str| Ok((self.published)(name, what));
        sync(&mut *remote, "main", &signature(), &quick(), &mut |draft| {
            let made = promote(draft, way, &all, &self.scope, &self.options, &mut published);
            promotion = made?;
            Ok(promote_message(way, &promotion.pinned))
        })?;
        Ok(promotion)
    }
}

/// An error and those that are told with it.
fn all_of(error: &Error) -> String {
    let mut all = vec![shown(error)];
    let one = |fault: &dyn Fault| {
        let hint = fault.hint().map(|hint| format!("\nhint: {hint}"));
        format!("{fault}{}", hint.unwrap_or_default())
    };
    all.extend(error.others().into_iter().map(one));
    all.join("\n\n")
}

#[test]
fn images_of_many_applications_are_promoted_with_one_commit() {
    let world = world();
    let asked = RefCell::new(Vec::new());
    let wish = Wish {
        published: &|name, what| {
            asked.borrow_mut().push(format!("{name} {what}"));
            true
        },
        ..Wish::default()
    };
    let promotion = wish.promote(&world).unwrap();
    assert_eq!(promotion.passed_over, ["demo"]);
    insta::assert_snapshot!(world.file("main", &path("shop", "prod")).unwrap(), @"
    namePrefix: x- # kept
    images:
    - name: shop # ours
      newName: docker.io/team/shop
      newTag: v1.1.0
      digest: sha256:2222222222222222222222222222222222222222222222222222222222222222
    replicas:
    - name: shop
      count: 1
    ");
    insta::assert_snapshot!(world.log("main")[0], @"
    Promote cart and shop from dev to prod

    cart prod: cart:v1.1.0@sha256:2222222222222222222222222222222222222222222222222222222222222222
    shop prod: shop:v1.1.0@sha256:2222222222222222222222222222222222222222222222222222222222222222

    Windlass-Pin: cart prod
    Windlass-Pin: shop prod
    Windlass-Id: 1497213752a730a241c4a45015b60f3987bd9484
    ");
    let mut asked = asked.into_inner();
    asked.sort();
    let expected = ["cart", "shop"].map(|app| format!("docker.io/team/{app} {NEW}"));
    assert_eq!(asked, expected);
    // Again there is nothing to do, and nothing is asked.
    let tip = world.tip("main");
    let nothing = Wish {
        published: &|_, _| panic!("nothing changes"),
        ..Wish::default()
    };
    let again = nothing.promote(&world).unwrap();
    assert!(again.pinned.iter().all(|pinned| !pinned.changed()));
    assert_eq!((again.pinned.len(), world.tip("main")), (2, tip));
}

#[test]
fn fields_are_promoted_where_they_are_listed() {
    let world = world();
    let wish = Wish {
        fields: vec!["replicas.[name=shop].count".parse().unwrap()],
        ..Wish::of(&["shop"])
    };
    let promotion = wish.promote(&world).unwrap();
    let field = &promotion.pinned[1];
    assert_eq!((&field.before[..], &field.after[..]), ("1", "3"));
    let file = world.file("main", &path("shop", "prod")).unwrap();
    assert!(file.ends_with("- name: shop\n  count: 3\n"), "{file}");
    assert!(world.log("main")[0].contains("\nprod: replicas.[name=shop].count from 1 to 3\n"));
    let whole = Wish {
        fields: vec!["replicas".parse().unwrap()],
        ..Wish::of(&["cart"])
    };
    insta::assert_snapshot!(all_of(&whole.promote(&world).unwrap_err()), @"
    Image/Input: `replicas` is more than a single value in `apps/cart/k8s/overlays/prod/kustomization.yaml` or in dev
    hint: name the values in it one by one
    ");
}

#[test]
fn all_that_is_refused_is_told_and_nothing_is_written() {
    let held = "images:\n- name: held # windlass: hold -- leaks\n  newTag: v1.0.0\n";
    let world = World::with(&[
        (&path("back", "dev"), &overlay("back", "v0.9.0", OLD)),
        (&path("back", "prod"), &overlay("back", "v1.0.0", NEW)),
        (&path("gone", "dev"), &overlay("gone", "v1.1.0", NEW)),
        (&path("gone", "prod"), &overlay("gone", "v1.0.0", OLD)),
        (&path("good", "dev"), &overlay("good", "v1.1.0", NEW)),
        (&path("good", "prod"), &overlay("good", "v1.0.0", OLD)),
        (&path("held", "dev"), &overlay("held", "v1.1.0", NEW)),
        (&path("held", "prod"), held),
        (
            &path("more", "dev"),
            "images:\n- name: a\n  newTag: x\n- name: b\n",
        ),
        (&path("more", "prod"), "images:\n- name: b\n  newTag: x\n"),
    ]);
    let before = world.tip("main");
    let wish = Wish {
        published: &|name, _| !name.ends_with("gone"),
        ..Wish::default()
    };
    let error = wish.promote(&world).unwrap_err();
    insta::assert_snapshot!(all_of(&error), @"
    Downgrade/Input: `back` in prod is at `v1.0.0`, which is newer than `v0.9.0`
    hint: if it shall go back, say so with `--allow-downgrade`

    `docker.io/team/gone@sha256:2222222222222222222222222222222222222222222222222222222222222222` is not in its registry
    hint: publish it first; to do without looking, say `--no-registry-check`

    `held` in prod is held: leaks
    hint: let it go with `env-rollback prod --release --app held`

    `apps/more/k8s/overlays/prod/kustomization.yaml` has no image `a`, which dev has
    hint: add it with `--add`, or leave it out by naming the others with `--image`

    `b` of `more` has neither tag nor digest in dev
    hint: pin it there first, or leave it out by naming the others with `--image`
    ");
    assert_eq!(world.tip("main"), before);
    let going = Wish {
        options: PromoteOptions {
            keep_going: true,
            ..PromoteOptions::default()
        },
        ..wish
    };
    let promotion = going.promote(&world).unwrap();
    let kinds: Vec<ErrorKind> = promotion.refused.iter().map(Error::kind).collect();
    use ErrorKind as Kind;
    assert_eq!(
        kinds,
        [
            Kind::Downgrade,
            Kind::Unpublished,
            Kind::Held,
            Kind::Image,
            Kind::Image
        ]
    );
    let apps: Vec<&str> = promotion.pinned.iter().map(|it| &it.app[..]).collect();
    assert_eq!(apps, ["good"]);
    let changed = world.file("main", &path("good", "prod")).unwrap();
    assert_eq!(changed, overlay("good", "v1.1.0", NEW));
    assert_eq!(
        world.file("main", &path("held", "prod")).as_deref(),
        Some(held)
    );
}

#[test]
fn what_is_told_to_is_done_all_the_same() {
    let other = overlay("shop", "v1.2.0", OLD).replace("docker.io", "mirror.example");
    let source = overlay("shop", "v1.1.0", NEW) + "# end\n";
    let with = |keep_names| {
        let world = World::with(&[
            (
                &path("shop", "dev"),
                &source.replace("images:\n", "images:\n- name: side\n  newTag: x\n"),
            ),
            (&path("shop", "prod"), &other),
        ]);
        let wish = Wish {
            options: PromoteOptions {
                add: true,
                allow_downgrade: true,
                keep_names,
                ..PromoteOptions::default()
            },
            published: &|name, _| name.starts_with("mirror") == keep_names || name == "side",
            ..Wish::default()
        };
        wish.promote(&world).unwrap();
        world.file("main", &path("shop", "prod")).unwrap()
    };
    let promoted = overlay("shop", "v1.1.0", NEW);
    let added = |text: &str| text.replace("\nreplicas", "\n- name: side\n  newTag: x\nreplicas");
    assert_eq!(with(false), added(&promoted));
    assert_eq!(
        with(true),
        added(&promoted.replace("docker.io", "mirror.example"))
    );
}

#[test]
fn a_digest_that_the_source_has_not_does_not_stay() {
    let world = World::with(&[
        (
            &path("shop", "dev"),
            "images:\n- {name: shop, newTag: v2.0.0}\n",
        ),
        (&path("shop", "prod"), &overlay("shop", "v1.0.0", OLD)),
    ]);
    Wish::default().promote(&world).unwrap();
    let file = world.file("main", &path("shop", "prod")).unwrap();
    let line = format!("  digest: {OLD}\n");
    assert_eq!(file, overlay("shop", "v2.0.0", OLD).replace(&line, ""));
}

#[test]
fn what_is_too_new_is_refused() {
    let at = |digest: &str, time| {
        let dev = overlay("shop", "v1.1.0", digest);
        let prod = overlay("shop", "v1.0.0", OLD);
        let files = [(path("shop", "dev"), dev), (path("shop", "prod"), prod)];
        (files, time)
    };
    let with = |commits: &[([(String, String); 2], i64)]| {
        let world = World::with(&[]);
        for (files, time) in commits {
            let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (&a[..], &b[..])).collect();
            world.commit_at("main", &files, *time);
        }
        world
    };
    let promote = |world: &World, now| {
        let wish = Wish {
            now: Some(now),
            options: PromoteOptions {
                soak: 7200,
                ..PromoteOptions::default()
            },
            ..Wish::of(&["shop"])
        };
        wish.promote(world)
    };
    let steady = [at(OLD, 1_000), at(NEW, 10_000), at(NEW, 12_000)];
    insta::assert_snapshot!(all_of(&promote(&with(&steady), 15_000).unwrap_err()), @"
    TooNew/Input: `shop` of `shop` has been in dev for 1h 23m, not 2h
    hint: wait 37m more, or ask for less with `--soak`
    ");
    assert_eq!(
        promote(&with(&steady), 17_199).unwrap_err().kind(),
        ErrorKind::TooNew
    );
    assert_eq!(promote(&with(&steady), 17_200).unwrap().pinned.len(), 1);
    // It was there before, and then was not for a while.
    let back = [at(NEW, 1_000), at(OLD, 11_000), at(NEW, 12_000)];
    assert_eq!(
        promote(&with(&back), 17_300).unwrap_err().kind(),
        ErrorKind::TooNew
    );
    assert!(promote(&with(&back), 19_200).is_ok());
}

fn turn_back(world: &World, to: &Back, scope: &Scope, why: &str) -> Result<Rollback> {
    let mut remote = remote(world.path());
    let (to, then) = look(&mut *remote, &quick(), &mut |past| {
        let tip = past.tip("main")?;
        let line = past.back(tip, to)?;
        let to = line[line.len() - 1].id;
        Ok((to, running(past, to, "prod", scope, &[])?))
    })?;
    let mut made = Rollback::default();
    let mut published = |_: &str, what: &str| Ok(what != "lost");
    sync(&mut *remote, "main", &signature(), &quick(), &mut |draft| {
        made = rollback(draft, "prod", &then, scope, why, &mut published)?;
        Ok(rollback_message(to, &made.pinned))
    })?;
    Ok(made)
}

fn let_go(world: &World, scope: &Scope) -> Result<Vec<Released>> {
    let mut released = Vec::new();
    sync(
        &mut *remote(world.path()),
        "main",
        &signature(),
        &quick(),
        &mut |draft| {
            released = release(draft, "prod", scope)?;
            Ok(release_message(&released))
        },
    )?;
    Ok(released)
}

/// Commits the overlay of prod.
fn commit(world: &World, prod: &str, time: i64) {
    let dev = overlay("shop", "v1.2.0", NEW);
    let files = [
        (&path("shop", "dev")[..], &dev[..]),
        (&path("shop", "prod"), prod),
    ];
    world.commit_at("main", &files, time);
}

#[test]
fn images_are_turned_back_and_held_until_they_are_let_go() {
    let world = World::with(&[]);
    commit(&world, &overlay("shop", "v1.0.0", OLD), 100);
    let now = overlay("shop", "v1.1.0", NEW);
    commit(&world, &now.replace("count: 1", "count: 5"), 200);
    let scope = Scope::default();
    let made = turn_back(&world, &Back::Time(150), &scope, "it leaks").unwrap();
    assert!(made.pinned[0].changed());
    let expected = overlay("shop", "v1.0.0", OLD)
        .replace("count: 1", "count: 5")
        .replace(
            "- name: shop #",
            "# windlass: hold -- it leaks\n- name: shop #",
        );
    assert_eq!(world.file("main", &path("shop", "prod")).unwrap(), expected);
    let tip = world.repository.find_commit(world.tip("main")).unwrap();
    let then = tip.parent(0).unwrap().parent_id(0).unwrap().to_string();
    insta::assert_snapshot!(tip.message().unwrap().replace(&then, "THEN"), @"
    Roll back shop in prod to v1.0.0@sha256:111111111111

    As they were in THEN.

    prod: shop:v1.0.0@sha256:1111111111111111111111111111111111111111111111111111111111111111

    Windlass-Pin: shop prod
    Windlass-Id: fe63d6adcc674f4bc303b1d1ee37b5287973bb02
    ");
    // Again there is nothing to do.
    turn_back(&world, &Back::Time(150), &scope, "it leaks").unwrap();
    assert_eq!(world.tip("main"), tip.id());

    let pins: Vec<Pin> = vec![format!("shop/prod=v1.2.0@{NEW}").parse().unwrap()];
    let pinned = sync(
        &mut *remote(world.path()),
        "main",
        &signature(),
        &quick(),
        &mut |draft| Ok(pin_message(&pin(draft, &pins, &PinOptions::default())?)),
    );
    assert_eq!(pinned.unwrap_err().kind(), ErrorKind::Held);
    let error = Wish::default().promote(&world).unwrap_err();
    insta::assert_snapshot!(all_of(&error), @"
    Held/Input: `shop` in prod is held: it leaks
    hint: let it go with `env-rollback prod --release --app shop`
    ");
    assert_eq!(error.location().unwrap().line, 3);

    let released = let_go(&world, &scope).unwrap();
    assert_eq!(released[0].why, "it leaks");
    insta::assert_snapshot!(world.log("main")[0], @"
    Release shop in prod

    shop prod: shop was held: it leaks

    Windlass-Pin: shop prod
    Windlass-Id: 2b65498019b2e3aa1019160d9465442f70c4918d
    ");
    assert_eq!(
        world.file("main", &path("shop", "prod")).unwrap(),
        expected.replace("# windlass: hold -- it leaks\n", "")
    );
    assert!(let_go(&world, &scope).unwrap().is_empty());
    assert!(Wish::default().promote(&world).unwrap().pinned[0].changed());
}

#[test]
fn a_rollback_goes_on_from_a_rollback() {
    let world = World::with(&[]);
    commit(&world, &overlay("shop", "v1.0.0", OLD), 100);
    commit(&world, "images:\n- {name: shop, newTag: v1.1.0}\n", 200);
    commit(&world, &overlay("shop", "v1.2.0", NEW), 300);
    let scope = Scope::default();
    turn_back(&world, &Back::Time(250), &scope, "one").unwrap();
    let file = world.file("main", &path("shop", "prod")).unwrap();
    assert_eq!(
        file,
        "namePrefix: x- # kept\nimages:\n# windlass: hold -- one\n- name: shop # ours\n  newTag: v1.1.0\nreplicas:\n- name: shop\n  count: 1\n"
    );
    turn_back(&world, &Back::Time(100), &scope, "two").unwrap();
    let file = world.file("main", &path("shop", "prod")).unwrap();
    assert!(
        file.contains("\n# windlass: hold -- two\n- name: shop"),
        "{file}"
    );
    assert!(!file.contains("one") && file.contains(OLD), "{file}");
}

#[test]
fn what_was_not_there_stays_as_it_is() {
    let world = World::with(&[]);
    commit(&world, "images:\n- name: shop\n  newTag: v1\n", 100);
    let new = "images:\n- name: shop\n  newTag: v2\n- name: side\n  newTag: v3\n";
    let cart = overlay("cart", "v1", NEW);
    let files = [
        (&path("shop", "prod")[..], new),
        (&path("cart", "prod"), &cart),
    ];
    world.commit_at("main", &files, 200);
    let made = turn_back(&world, &Back::Time(100), &Scope::default(), "x").unwrap();
    assert_eq!(
        made.passed_over,
        [
            "`cart` had no overlay `prod` then",
            "`shop` had no image `side` then"
        ]
    );
    let file = world.file("main", &path("shop", "prod")).unwrap();
    assert!(
        file.ends_with("newTag: v1\n- name: side\n  newTag: v3\n"),
        "{file}"
    );
}

#[test]
fn what_cannot_be_turned_back_is_refused() {
    let world = World::with(&[]);
    commit(&world, "images:\n- name: shop\n  newTag: lost\n", 100);
    commit(&world, &overlay("shop", "v1.2.0", NEW), 300);
    let tip = world.tip("main");
    let back = |scope: &Scope, why| turn_back(&world, &Back::Time(100), scope, why).unwrap_err();
    let scope = Scope::default();
    insta::assert_snapshot!(all_of(&back(&scope, "x")), @"
    Unpublished/Input: `shop:lost` is not in its registry
    hint: publish it first; to do without looking, say `--no-registry-check`
    ");
    assert_eq!(back(&scope, "a\nb: c").kind(), ErrorKind::Value);
    assert_eq!(back(&scope, " ").kind(), ErrorKind::Value);
    let unknown = Scope {
        apps: vec!["shpo".to_owned()],
        ..scope
    };
    assert_eq!(back(&unknown, "x").kind(), ErrorKind::Overlay);
    assert_eq!(world.tip("main"), tip);
}
