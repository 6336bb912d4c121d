//! The fingerprint of an RSA key, which `ssh-keygen -l` prints for it and the controller logs.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use x509_cert::der::asn1::UintRef;
use x509_cert::der::{Decode, Reader, SliceReader};
use x509_cert::spki::SubjectPublicKeyInfoRef;

/// The fingerprint of the key in a `SubjectPublicKeyInfo`; nothing where that holds none of RSA.
pub(crate) fn fingerprint(spki: &[u8]) -> Option<String> {
    let info = SubjectPublicKeyInfoRef::from_der(spki).ok()?;
    let bits = info.subject_public_key.as_bytes()?;
    let mut reader = SliceReader::new(bits).ok()?;
    let (modulus, exponent) = reader
        .sequence(|reader| {
            Ok::<_, x509_cert::der::Error>((UintRef::decode(reader)?, UintRef::decode(reader)?))
        })
        .ok()?;
    let mut wire = Vec::new();
    put(&mut wire, b"ssh-rsa");
    put_number(&mut wire, exponent.as_bytes());
    put_number(&mut wire, modulus.as_bytes());
    let hash = STANDARD_NO_PAD.encode(digest(&SHA256, &wire));
    Some(format!("SHA256:{hash}"))
}

fn put(wire: &mut Vec<u8>, bytes: &[u8]) {
    wire.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    wire.extend_from_slice(bytes);
}

/// A number that is not negative: its first bit is 0 (RFC 4251, `mpint`).
fn put_number(wire: &mut Vec<u8>, bytes: &[u8]) {
    match bytes.first() {
        Some(first) if first & 0x80 != 0 => put(wire, &[&[0], bytes].concat()),
        _ => put(wire, bytes),
    }
}
