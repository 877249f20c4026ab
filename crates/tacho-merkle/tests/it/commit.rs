//! Commitments against values computed with Python's hashlib and hmac; these bytes are pinned for ever.

use tacho_merkle::commit::{
    CommitError, SaltKey, TagKey, body, commitment, salt, salt_key, subject_tag, tag_key,
};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn counting<const LEN: usize>(from: u8) -> [u8; LEN] {
    std::array::from_fn(|at| from + at as u8)
}

#[test]
fn golden_values() {
    let (subject, period, event) = (counting::<32>(0), counting::<32>(32), counting::<16>(0xa0));
    let key = salt_key(&subject, &period);
    assert_eq!(hex(&key), "f0d227cf544c9d7b880c7054edc22c6c0e0bf08ee594577cf2713dfd5c683325");
    let input_salt = salt(&key, &event, "input");
    assert_eq!(hex(&input_salt), "c8eb3e67d6b6c6a504df8e6f07df673f30c219306094626b2f95e613ddb97426");
    let input = commitment(&input_salt, b"hello world");
    assert_eq!(hex(&input), "428fc908bbcc8128881ea725ca4ad18a797315e500935de89528687874d6ee44");
    let output = SaltKey::new(&subject, &period).commitment(&event, "output", b"");
    assert_eq!(hex(&output), "5e5832938a8ed74f2405ac9cfe042894dc9a470f0250fcd3ea334e41739962cc");
    let whole = body(&[("input", 11, input), ("output", 0, output)]).unwrap();
    assert_eq!(whole.to_string(), "04fbcd676e1740a265c479393a9e3249d59abfa34fd4d39e0ecf5e84beb0c7cd");
    let none = body(&[]).unwrap();
    assert_eq!(none.to_string(), "3183eeac62e976f9b0e5459171dff8371be5581c567d51fadab6d6f31040b082");
    let tags = tag_key(&subject);
    assert_eq!(hex(&tags), "788a4f8a1fc555d6456c9eed75b7c6b45166fde2439894ea761c112e06ab729f");
    assert_eq!(hex(&subject_tag(&subject, &event)), "e9d363bf24b9c076f01827af79382209");
    assert_eq!(TagKey::from_bytes(&tags).tag(&event), subject_tag(&subject, &event));
    assert_eq!(SaltKey::from_bytes(&key).salt(&event, "input"), input_salt);
}

#[test]
fn everything_that_goes_in_matters() {
    let (a, b, event) = ([1; 32], [2; 32], [3; 16]);
    let key = SaltKey::new(&a, &b);
    assert_ne!(key.salt(&event, "input"), key.salt(&event, "output"));
    assert_ne!(key.salt(&event, "input"), key.salt(&[4; 16], "input"));
    assert_ne!(key.salt(&event, "input"), SaltKey::new(&b, &a).salt(&event, "input"));
    assert_ne!(subject_tag(&a, &event), subject_tag(&a, &[4; 16]));
    let (one, two) = (("x", 1, a), ("y", 1, b));
    assert_ne!(body(&[one, two]), body(&[two, one]));
    assert_ne!(body(&[one]), body(&[("x", 2, a)]));
}

#[test]
fn a_section_name_fits_its_length_byte() {
    let (longest, long) = ("n".repeat(255), "n".repeat(256));
    assert!(body(&[(&longest, 0, [0; 32])]).is_ok());
    assert_eq!(body(&[(&long, 0, [0; 32])]), Err(CommitError::SectionName(256)));
    assert_eq!(body(&[("", 0, [0; 32])]), Err(CommitError::SectionName(0)));
}

#[test]
fn keys_do_not_print() {
    assert_eq!(format!("{:?}", SaltKey::from_bytes(&[9; 32])), "SaltKey(..)");
    assert_eq!(format!("{:?}", TagKey::from_bytes(&[9; 32])), "TagKey(..)");
}
