//! The order of keys in kustomize's output (go-yaml v2: sorter.go).

use std::cmp::Ordering;

/// Sorts entries by key and returns the first two that have the same key.
///
/// go-yaml's comparison is not transitive: `v1alpha1`, `v2` and `v10` have no order that fits
/// it, and kustomize prints them in any. Here the outcome depends on the keys alone, because
/// the sort starts from the order of their bytes.
pub(crate) fn sort<T: Copy>(entries: &mut Vec<(&str, T)>) -> Option<(T, T)> {
    let in_order = entries
        .windows(2)
        .all(|pair| is_before(pair[0].0, pair[1].0));
    if in_order {
        return None;
    }
    entries.sort_by(|a, b| a.0.cmp(b.0));
    let twice = entries.windows(2).find(|pair| pair[0].0 == pair[1].0);
    if let Some(pair) = twice {
        return Some((pair[0].1, pair[1].1));
    }
    let mut scratch = entries.clone();
    merge_sort(entries, &mut scratch);
    None
}

/// Whether two neighbours are in order, by their bytes too.
pub(crate) fn is_before(a: &str, b: &str) -> bool {
    let bytes = a.bytes().zip(b.bytes());
    match bytes.into_iter().find(|(x, y)| x != y) {
        Some((x, y)) if x.is_ascii_alphabetic() && y.is_ascii_alphabetic() => x < y,
        _ => a < b && less(a, b),
    }
}

/// A merge sort that takes any comparison, even one that contradicts itself.
fn merge_sort<'a, T: Copy>(entries: &mut [(&'a str, T)], scratch: &mut [(&'a str, T)]) {
    let middle = entries.len() / 2;
    if middle == 0 {
        return;
    }
    let (left, right) = entries.split_at_mut(middle);
    let (left_scratch, right_scratch) = scratch.split_at_mut(middle);
    merge_sort(left, left_scratch);
    merge_sort(right, right_scratch);
    if !less(entries[middle].0, entries[middle - 1].0) {
        return;
    }
    scratch.copy_from_slice(entries);
    let (mut left, mut right) = (0, middle);
    for slot in entries {
        let take_right =
            left == middle || (right < scratch.len() && less(scratch[right].0, scratch[left].0));
        let from = if take_right { &mut right } else { &mut left };
        *slot = scratch[*from];
        *from += 1;
    }
}

/// Whether `a` comes before `b`: at the first difference letters by code point, others before
/// letters, numbers by value, else by code point.
fn less(a: &str, b: &str) -> bool {
    let same = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    let same = (0..=same)
        .rev()
        .find(|&at| a.is_char_boundary(at) && b.is_char_boundary(at));
    let same = same.unwrap_or(0);
    let (Some(x), Some(y)) = (a[same..].chars().next(), b[same..].chars().next()) else {
        return a.len() < b.len();
    };
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => return x < y,
        (false, false) => {}
        (_, y_is_letter) => return y_is_letter,
    }
    let start = if x == '0' || y == '0' {
        i64::from(follows_number(&a[..same]))
    } else {
        0
    };
    let (x_value, x_len) = digits(&a[same..], start);
    let (y_value, y_len) = digits(&b[same..], start);
    (x_value, x_len).cmp(&(y_value, y_len)).then(x.cmp(&y)) == Ordering::Less
}

/// Whether the text ends with digits that are not all zero.
fn follows_number(text: &str) -> bool {
    text.bytes()
        .rev()
        .take_while(u8::is_ascii_digit)
        .any(|digit| digit != b'0')
}

/// The number at the start of the text, read on from `start`, and how many digits it has.
fn digits(text: &str, start: i64) -> (i64, usize) {
    let len = text.bytes().take_while(u8::is_ascii_digit).count();
    let value = text.bytes().take(len).fold(start, |value, digit| {
        value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'))
    });
    (value, len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(keys: &str) -> String {
        let mut entries: Vec<(&str, ())> = keys.split(' ').map(|key| (key, ())).collect();
        assert_eq!(sort(&mut entries), None);
        let keys: Vec<&str> = entries.iter().map(|entry| entry.0).collect();
        keys.join(" ")
    }

    #[test]
    fn sorts_as_go_yaml_v2() {
        let cases = [
            "_x 1 2 10 A B a a-b a.b a_b a1 a2 a10 aB ab",
            "a0 a00 a1 a01 a001 a9 a09 a10 a010 a100",
            "-A .A _A A A_1 A_B A1 A2_B A10_B AB a_b",
            "a a- a. a0 aA aa aaa",
        ];
        for wanted in cases {
            let mut keys: Vec<&str> = wanted.split(' ').collect();
            keys.reverse();
            assert_eq!(sorted(&keys.join(" ")), wanted);
            assert_eq!(sorted(wanted), wanted);
        }
    }

    #[test]
    fn has_one_outcome_where_the_comparison_contradicts_itself() {
        let orders = [
            "v1alpha1 v2 v10",
            "v10 v2 v1alpha1",
            "v2 v10 v1alpha1",
            "v10 v1alpha1 v2",
        ];
        for order in orders {
            assert_eq!(sorted(order), sorted(orders[0]), "{order}");
        }
    }

    #[test]
    fn finds_keys_that_stand_twice() {
        let mut entries = vec![("b", 1), ("a", 2), ("b", 3)];
        assert_eq!(sort(&mut entries), Some((1, 3)));
    }
}
