//! What a kustomization names by URLs, so that all of it can be fetched at once.

use super::{Address, Repository, Wanted, is_web};
use crate::kustomization::{Generator, Kustomization};

/// Everything remote in the fields of a kustomization, in their order, each once.
pub(crate) fn wanted(kustomization: &Kustomization) -> Vec<Wanted> {
    let either = either(kustomization).map(|path| wanted_as(path, is_web(path), repository(path)));
    let folders = kustomization.components.iter();
    let folders = folders.map(|path| wanted_as(path, false, repository(path)));
    let files = files(kustomization).map(|path| wanted_as(path, is_web(path), None));
    let mut wanted: Vec<Wanted> = Vec::new();
    for found in either.chain(folders).chain(files).flatten() {
        if !wanted.contains(&found) {
            wanted.push(found);
        }
    }
    wanted
}

fn wanted_as(path: &str, file: bool, repository: Option<Repository>) -> Option<Wanted> {
    (file || repository.is_some()).then(|| Wanted {
        url: path.to_owned(),
        file,
        repository,
    })
}

fn repository(path: &str) -> Option<Repository> {
    Address::parse(path).map(|address| address.repository)
}

/// What is tried as a file and then as a folder.
fn either(kustomization: &Kustomization) -> impl Iterator<Item = &str> {
    let Kustomization {
        generators,
        transformers,
        validators,
        ..
    } = kustomization;
    let configurations = generators.iter().chain(transformers).chain(validators);
    let paths = kustomization.bases().chain(configurations);
    paths.map(|path| &*path.value)
}

fn files(kustomization: &Kustomization) -> impl Iterator<Item = &str> {
    let Kustomization {
        openapi,
        crds,
        configurations,
        patches,
        patches_json6902,
        patches_strategic_merge,
        replacements,
        ..
    } = kustomization;
    let lists = crds
        .iter()
        .chain(configurations)
        .chain(patches_strategic_merge);
    let patches = patches.iter().chain(patches_json6902);
    let entries = patches.filter_map(|patch| patch.path.as_ref());
    let replacements = replacements.iter().filter_map(|entry| entry.path.as_ref());
    let openapi = openapi.get("path").into_iter();
    let paths = openapi.chain(lists).chain(entries).chain(replacements);
    paths.map(|path| &*path.value).chain(data(kustomization))
}

/// The files of generators, without the keys that they get.
fn data(kustomization: &Kustomization) -> impl Iterator<Item = &str> {
    let Kustomization {
        config_map_generator,
        secret_generator,
        ..
    } = kustomization;
    let generators = config_map_generator.iter().chain(secret_generator);
    generators.flat_map(|generator| {
        let Generator {
            files, envs, env, ..
        } = &generator.value;
        let files = files.iter().map(|file| {
            let path = file.value.split_once('=').map(|(_, path)| path);
            path.unwrap_or(&file.value)
        });
        let envs = envs.iter().chain([env]).map(|env| &*env.value);
        files.chain(envs)
    })
}
