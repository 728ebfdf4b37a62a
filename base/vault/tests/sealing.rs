//! The vault against a real folder.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;

use vault::Vault;

const TOTP: &str = "identity.totp";

#[test]
fn a_secret_opens_again_for_its_purpose_and_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(&folder.path().join("keys")).unwrap();
    let sealed = vault.seal(TOTP, "account:1", b"secret").unwrap();
    assert_eq!(sealed.len(), 1 + 4 + 12 + 6 + 16);
    assert!(!sealed.windows(6).any(|part| part == b"secret"));
    assert_eq!(vault.unseal(TOTP, "account:1", &sealed).unwrap(), b"secret");
    for (purpose, about) in [(TOTP, "account:2"), ("identity.other", "account:1")] {
        let fault = vault.unseal(purpose, about, &sealed).unwrap_err();
        assert_eq!(fault.code, "vault.sealed_broken");
    }
    for changed in [0, 5, 20, sealed.len() - 1] {
        let mut other = sealed.clone();
        other[changed] ^= 1;
        assert!(vault.unseal(TOTP, "account:1", &other).is_err(), "byte {changed}");
    }
    for cut in [0, 4, 5, 16, sealed.len() - 1] {
        assert!(vault.unseal(TOTP, "account:1", &sealed[..cut]).is_err(), "{cut} bytes");
    }
    // The same secret never looks the same.
    assert_ne!(vault.seal(TOTP, "account:1", b"secret").unwrap(), sealed);
}

#[test]
fn a_tag_holds_for_its_secret_and_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(folder.path()).unwrap();
    let tag = vault.tag("identity.recovery", "account:1", b"ABCDE").unwrap();
    let holds = |purpose, about, secret: &[u8]| vault.tag_holds(purpose, about, secret, &tag).unwrap();
    assert!(holds("identity.recovery", "account:1", b"ABCDE"));
    assert!(!holds("identity.recovery", "account:2", b"ABCDE"));
    assert!(!holds("identity.recovery", "account:1", b"ABCDF"));
    assert!(!holds("identity.totp", "account:1", b"ABCDE"));
    assert!(
        vault
            .tag_holds("identity.recovery", "account:1", b"ABCDE", &tag[..3])
            .is_err()
    );
}

#[test]
fn keys_stay_and_are_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    let sealed = Vault::open(&keys).unwrap().seal(TOTP, "account:1", b"secret").unwrap();
    assert_eq!(
        Vault::open(&keys).unwrap().unseal(TOTP, "account:1", &sealed).unwrap(),
        b"secret"
    );
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(keys.clone()), mode(keys.join("1.key"))), (0o700, 0o600));
    assert_eq!(fs::read_dir(&keys).unwrap().count(), 1, "nothing is left beside");
}

#[test]
fn a_newer_key_seals_and_older_ones_still_open() {
    let folder = tempfile::tempdir().unwrap();
    let running = Vault::open(folder.path()).unwrap();
    let old = running.seal(TOTP, "account:1", b"secret").unwrap();
    fs::write(folder.path().join("2.key"), [7; 32]).unwrap();
    let started_later = Vault::open(folder.path()).unwrap();
    let new = started_later.seal(TOTP, "account:1", b"secret").unwrap();
    assert_eq!((old[4], new[4]), (1, 2));
    assert_eq!(started_later.unseal(TOTP, "account:1", &old).unwrap(), b"secret");
    // The program that runs meanwhile learns of the key when it meets it.
    assert_eq!(running.unseal(TOTP, "account:1", &new).unwrap(), b"secret");

    fs::remove_file(folder.path().join("1.key")).unwrap();
    let without = Vault::open(folder.path()).unwrap();
    let fault = without.unseal(TOTP, "account:1", &old).unwrap_err();
    assert_eq!(
        (fault.code, fault.params["number"].as_str()),
        ("vault.key_missing", "1")
    );
}

#[test]
fn what_is_no_key_is_refused_and_nothing_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("1.key"), b"short").unwrap();
    let code = |folder| Vault::open(folder).err().unwrap().code;
    assert_eq!(code(folder.path()), "vault.keys");
    assert_eq!(fs::read(folder.path().join("1.key")).unwrap(), b"short");
    fs::rename(folder.path().join("1.key"), folder.path().join("first.key")).unwrap();
    assert_eq!(code(folder.path()), "vault.keys");
}

#[test]
fn programs_that_start_at_once_agree_on_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let vaults: Vec<Vault> = thread::scope(|scope| {
        let starts: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| Vault::open(folder.path()).unwrap()))
            .collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    let sealed = vaults[0].seal(TOTP, "account:1", b"secret").unwrap();
    for vault in &vaults {
        assert_eq!(vault.unseal(TOTP, "account:1", &sealed).unwrap(), b"secret");
    }
}
