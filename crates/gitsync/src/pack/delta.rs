//! Deltas: an object told as copies from another one and insertions.

/// The result of a delta, whose own header says how long base and result are. `None` if it is
/// damaged, does not fit the base, or makes more than `limit` bytes.
pub(super) fn apply(base: &[u8], delta: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut delta = delta;
    let expected_base = length(&mut delta)?;
    let expected = length(&mut delta)?;
    if expected_base != base.len() || expected > limit {
        return None;
    }
    let mut result = Vec::new();
    while let Some((&code, rest)) = delta.split_first() {
        delta = rest;
        let piece = match code {
            0 => return None,
            code if code & 0x80 != 0 => copied(code, &mut delta, base)?,
            code => take(&mut delta, code.into())?,
        };
        if result.len() + piece.len() > expected {
            return None;
        }
        result.extend_from_slice(piece);
    }
    (result.len() == expected).then_some(result)
}

/// The low bits of the code say which bytes of offset and size follow; a size of 0 means 65,536.
fn copied<'a>(code: u8, delta: &mut &[u8], base: &'a [u8]) -> Option<&'a [u8]> {
    let mut fields = [0_usize; 2];
    for bit in 0..7 {
        if code & (1 << bit) != 0 {
            let byte = usize::from(take(delta, 1)?[0]);
            match bit {
                0..4 => fields[0] |= byte << (8 * bit),
                _ => fields[1] |= byte << (8 * (bit - 4)),
            }
        }
    }
    let [offset, size] = fields;
    let size = if size == 0 { 0x10000 } else { size };
    base.get(offset..offset.checked_add(size)?)
}

fn take<'a>(from: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = from.split_at_checked(count)?;
    *from = rest;
    Some(taken)
}

/// Seven bits a byte, the lowest first.
fn length(from: &mut &[u8]) -> Option<usize> {
    let mut value = 0_usize;
    for shift in (0..usize::BITS - 7).step_by(7) {
        let byte = take(from, 1)?[0];
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A delta from `base` to `result`: what both begin and end with is copied, the middle inserted.
/// An edited scalar or a replaced tree entry needs no more.
pub(super) fn make(base: &[u8], result: &[u8]) -> Vec<u8> {
    let prefix = common(base.iter(), result.iter());
    let suffix = common(base[prefix..].iter().rev(), result[prefix..].iter().rev());
    let mut delta = Vec::new();
    put_length(&mut delta, base.len());
    put_length(&mut delta, result.len());
    put_copy(&mut delta, 0, prefix);
    for piece in result[prefix..result.len() - suffix].chunks(0x7f) {
        delta.push(u8::try_from(piece.len()).expect("at most 127"));
        delta.extend_from_slice(piece);
    }
    put_copy(&mut delta, base.len() - suffix, suffix);
    delta
}

fn common<'a>(a: impl Iterator<Item = &'a u8>, b: impl Iterator<Item = &'a u8>) -> usize {
    a.zip(b).take_while(|(a, b)| a == b).count()
}

fn put_length(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(0x80 | low(value));
        value >>= 7;
    }
    out.push(low(value));
}

/// A copy of at most 65,536 bytes needs two bytes of size, of which 0 stands for 65,536.
fn put_copy(out: &mut Vec<u8>, mut offset: usize, mut size: usize) {
    while size > 0 {
        let part = size.min(0x10000);
        let code_at = out.len();
        let mut code = 0x80;
        out.push(code);
        let fields = (0..4).map(|i| (i, offset >> (8 * i)));
        let sizes = (0..2).map(|i| (i + 4, part >> (8 * i)));
        for (bit, value) in fields.chain(sizes) {
            let byte = u8::try_from(value & 0xff).expect("one byte");
            if byte != 0 {
                code |= 1 << bit;
                out.push(byte);
            }
        }
        out[code_at] = code;
        offset += part;
        size -= part;
    }
}

fn low(value: usize) -> u8 {
    u8::try_from(value & 0x7f).expect("seven bits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_copy_of_size_zero_is_64_kib() {
        let base = vec![7; 0x10000];
        // Base 65,536, result 65,536, copy from 0 with no size bytes.
        let delta = [0x80, 0x80, 0x04, 0x80, 0x80, 0x04, 0x80];
        assert_eq!(apply(&base, &delta, 1 << 20), Some(base));
    }

    #[test]
    fn damage_is_refused() {
        let base = b"0123456789";
        let cases: [(&str, &[u8]); 8] = [
            ("empty", &[]),
            ("another base", &[9, 1, 0x90, 1]),
            ("reserved code", &[10, 1, 0]),
            ("copy past the end", &[10, 8, 0x91, 5, 8]),
            ("insert past the end", &[10, 4, 4, b'a']),
            ("longer than it says", &[10, 1, 0x90, 2]),
            ("shorter than it says", &[10, 3, 0x90, 2]),
            ("endless length", &[0xff; 12]),
        ];
        for (what, delta) in cases {
            assert_eq!(apply(base, delta, 1 << 20), None, "{what}");
        }
        assert_eq!(apply(base, &[10, 5, 0x90, 5], 4), None, "over the limit");
        assert!(apply(base, &[10, 5, 0x90, 5], 5).is_some());
    }

    proptest! {
        #[test]
        fn made_and_applied_is_the_result(
            head in prop::collection::vec(any::<u8>(), 0..400),
            old in prop::collection::vec(any::<u8>(), 0..400),
            new in prop::collection::vec(any::<u8>(), 0..400),
            tail in 0_usize..200_000,
        ) {
            let tail = vec![5; tail];
            let base = [&head[..], &old, &tail].concat();
            let result = [&head[..], &new, &tail].concat();
            prop_assert_eq!(apply(&base, &make(&base, &result), 1 << 20), Some(result));
        }

        #[test]
        fn no_delta_panics(base in prop::collection::vec(any::<u8>(), 0..99), delta in prop::collection::vec(any::<u8>(), 0..99)) {
            let _ = apply(&base, &delta, 1 << 16);
        }
    }
}
