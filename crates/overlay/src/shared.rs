//! Values that kustomize holds once though they stand in several places.
//!
//! Where a label or annotation is added to several maps of an object, kustomize puts the same
//! node into each of them (`kustomize: api/filters/filtersutil/setters.go`, `SetEntry`). Whatever
//! changes one of them later, such as a patch of an overlay, changes all. Users see that in their
//! manifests, so it is kept: the places are noted, and made equal again after each change.

use windlass_yaml::{Moved, NodeId, Style, Tree};

/// One value in several places.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    places: Vec<NodeId>,
    text: String,
    style: Style,
}

impl Shared {
    /// The value that stands in all these places now.
    pub(crate) fn new(places: Vec<NodeId>, tree: &Tree) -> Option<Self> {
        let &first = places.first().filter(|_| places.len() > 1)?;
        Some(Self {
            text: tree.text(first).to_owned(),
            style: tree.style(first),
            places,
        })
    }

    /// Names the places as they are called in a tree that has taken over this one's.
    pub(crate) fn follow(&mut self, moved: Moved) {
        let places = self.places.iter_mut();
        places.for_each(|place| *place = moved.node(*place));
    }

    /// Gives all places the value of the one that was changed, the last one if several were.
    pub(crate) fn settle(&mut self, tree: &mut Tree) {
        let is_changed =
            |place: &&NodeId| tree.text(**place) != self.text || tree.style(**place) != self.style;
        let Some(&changed) = self.places.iter().rev().find(is_changed) else {
            return;
        };
        for &place in self.places.iter().filter(|&&place| place != changed) {
            let copy = tree.copy(changed);
            tree.overwrite(place, copy);
        }
        tree.text(changed).clone_into(&mut self.text);
        self.style = tree.style(changed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windlass_yaml::Origin;

    #[test]
    fn what_changes_one_place_changes_all() {
        let mut tree = Tree::new();
        let map = tree.map(Origin::NONE);
        let mut places = Vec::new();
        for key in ["a", "b", "c"] {
            let value = tree.string("old", Origin::NONE);
            places.push(tree.add(map, key, value));
        }
        let mut shared = Shared::new(places.clone(), &tree).unwrap();
        tree.set_string(places[1], "new");
        shared.settle(&mut tree);
        assert!(places.iter().all(|&place| tree.text(place) == "new"));
        assert!(Shared::new(places[..1].to_vec(), &tree).is_none());
    }
}
