//! Makes keys for RS256. `ring` signs with RSA keys and reads them, but makes none: the primes come from `crypto-primes`, and what is reckoned from them
//! is checked by `ring` when it reads the key. Nothing here touches a message or a signature.

use crypto_bigint::{BoxedUint, ConcatenatingMul, NonZero, Resize};
use crypto_primes::hazmat::{SetBits, SmallFactorsSieveFactory};
use crypto_primes::{Flavor, is_prime, sieve_and_find};
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;

/// Bits of the modulus: what is asked for at least, and enough for keys that sign for ninety days what is good for ten minutes.
const BITS: u32 = 2_048;
/// The public exponent that everybody takes.
const EXPONENT: u64 = 65_537;

/// A new private key as PKCS#1 writes it (`RSAPrivateKey`, RFC 8017, A.1.2). Takes some tenths of a second: not for a thread that serves others.
/// `None` where no key came of it.
pub(crate) fn generate() -> Option<Vec<u8>> {
    // An exponent that has no inverse is as rare as one prime in 65,537.
    (0..8).find_map(|_| of_primes(prime()?, prime()?))
}

/// A prime of half the length whose two highest bits are set: the product of two such has all the bits.
fn prime() -> Option<BoxedUint> {
    let sieve = SmallFactorsSieveFactory::new(Flavor::Any, BITS / 2, SetBits::TwoMsb).ok()?;
    sieve_and_find(&mut UnwrapErr(SysRng), sieve, |_, candidate| {
        is_prime(Flavor::Any, candidate)
    })
    .ok()?
}

fn of_primes(p: BoxedUint, q: BoxedUint) -> Option<Vec<u8>> {
    // PKCS#1 and `ring` want the larger one first.
    let (p, q) = if p > q { (p, q) } else { (q, p) };
    let one = BoxedUint::one_with_precision(BITS / 2);
    let (before_p, before_q) = (p.wrapping_sub(&one), q.wrapping_sub(&one));
    let n = p.concatenating_mul(&q);
    let totient = NonZero::new(before_p.concatenating_mul(&before_q)).into_option()?;
    let e = BoxedUint::from(EXPONENT).resize_unchecked(BITS);
    let d = e.invert_mod(&totient).into_option()?;
    let d_of_p = d.rem(&NonZero::new(before_p).into_option()?);
    let d_of_q = d.rem(&NonZero::new(before_q).into_option()?);
    let inverse = q.invert_mod(&NonZero::new(p.clone()).into_option()?).into_option()?;
    let parts = [n, e, d, p, q, d_of_p, d_of_q, inverse].map(|part| integer(&part.to_be_bytes()));
    // Two primes: version 0.
    let mut body = integer(&[0]);
    body.extend(parts.concat());
    Some(tagged(0x30, &body))
}

/// An INTEGER of DER: as short as can be, and with a zero before a first bit that would say "negative".
fn integer(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let mut content = bytes[start..].to_vec();
    if content.first().is_none_or(|first| first & 0x80 != 0) {
        content.insert(0, 0);
    }
    tagged(0x02, &content)
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1)..];
    let mut whole = vec![tag];
    if let [short @ 0..0x80] = length {
        whole.push(*short);
    } else {
        // At most eight bytes.
        whole.push(0x80 | u8::try_from(length.len()).unwrap_or(u8::MAX));
        whole.extend(length);
    }
    whole.extend(content);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use ring::rsa::{KeyPair, PublicKeyComponents};
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256};

    #[test]
    fn what_is_written_is_der() {
        assert_eq!(integer(&[0]), [2, 1, 0]);
        assert_eq!(integer(&[]), [2, 1, 0]);
        assert_eq!(integer(&[0, 0, 1]), [2, 1, 1]);
        assert_eq!(integer(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(tagged(4, &[7; 127])[..2], [4, 127]);
        assert_eq!(tagged(4, &[7; 128])[..3], [4, 0x81, 128]);
        assert_eq!(tagged(4, &[7; 256])[..4], [4, 0x82, 1, 0]);
    }

    #[test]
    fn another_library_reads_the_key_and_checks_what_it_signs() {
        let (first, second) = (generate().unwrap(), generate().unwrap());
        assert_ne!(first, second);
        let pair = KeyPair::from_der(&first).unwrap();
        assert_eq!(pair.public().modulus_len() * 8, BITS as usize);
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), b"an", &mut signature)
            .unwrap();
        let public: PublicKeyComponents<Vec<u8>> = pair.public().into();
        assert_eq!(public.e, [1, 0, 1]);
        assert_eq!(public.n.len() * 8, BITS as usize);
        assert!(public.n[0] & 0x80 != 0);
        assert!(public.verify(&RSA_PKCS1_2048_8192_SHA256, b"an", &signature).is_ok());
        assert!(public.verify(&RSA_PKCS1_2048_8192_SHA256, b"be", &signature).is_err());
    }
}
