//! The vault against a real folder.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use vault::{Vault, key_of};

const TOTP: &str = "identity.totp";

/// So many seconds after the beginning.
fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_413_200 + seconds, 0).unwrap()
}

#[test]
fn a_secret_opens_again_for_its_purpose_and_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(&folder.path().join("keys"), at(0)).unwrap();
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
    let vault = Vault::open(folder.path(), at(0)).unwrap();
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

/// The keys in a folder, oldest first.
fn keys(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    found.sort();
    found
}

#[test]
fn keys_stay_and_are_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("keys");
    let sealed = Vault::open(&home, at(0))
        .unwrap()
        .seal(TOTP, "account:1", b"secret")
        .unwrap();
    assert_eq!(
        Vault::open(&home, at(0))
            .unwrap()
            .unseal(TOTP, "account:1", &sealed)
            .unwrap(),
        b"secret"
    );
    let [key] = keys(&home).try_into().expect("nothing is left beside the key");
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(home), mode(key)), (0o700, 0o600));
}

#[test]
fn a_newer_key_seals_and_older_ones_still_open() {
    let folder = tempfile::tempdir().unwrap();
    let running = Vault::open(folder.path(), at(0)).unwrap();
    let old = running.seal(TOTP, "account:1", b"secret").unwrap();
    let [first] = keys(folder.path()).try_into().unwrap();
    fs::write(folder.path().join("4294967295.key"), [7; 32]).unwrap();
    let started_later = Vault::open(folder.path(), at(0)).unwrap();
    let new = started_later.seal(TOTP, "account:1", b"secret").unwrap();
    assert_eq!(new[1..5], [255; 4]);
    assert_ne!(old[1..5], [255; 4]);
    assert_eq!(started_later.unseal(TOTP, "account:1", &old).unwrap(), b"secret");
    // The program that runs meanwhile learns of the key when it meets it.
    assert_eq!(running.unseal(TOTP, "account:1", &new).unwrap(), b"secret");

    fs::remove_file(&first).unwrap();
    let without = Vault::open(folder.path(), at(0)).unwrap();
    let fault = without.unseal(TOTP, "account:1", &old).unwrap_err();
    let number = first.file_stem().unwrap().to_str().unwrap();
    assert_eq!(
        (fault.code, fault.params["number"].as_str()),
        ("vault.key_missing", number)
    );
}

#[test]
fn a_lost_folder_is_told_and_can_be_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("keys");
    let sealed = Vault::open(&home, at(0))
        .unwrap()
        .seal(TOTP, "account:1", b"secret")
        .unwrap();
    let [first] = keys(&home).try_into().unwrap();
    let kept = fs::read(&first).unwrap();
    fs::remove_dir_all(&home).unwrap();
    let after = Vault::open(&home, at(60)).unwrap();
    let sealed_after = after.seal(TOTP, "account:1", b"other").unwrap();
    assert_eq!(
        after.unseal(TOTP, "account:1", &sealed).unwrap_err().code,
        "vault.key_missing"
    );
    fs::write(first, kept).unwrap();
    assert_eq!(after.unseal(TOTP, "account:1", &sealed).unwrap(), b"secret");
    assert_eq!(after.unseal(TOTP, "account:1", &sealed_after).unwrap(), b"other");
}

#[test]
fn what_is_no_key_is_refused_and_nothing_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let code = |folder| Vault::open(folder, at(0)).err().unwrap().code;
    for (name, content) in [
        ("1.key", [1; 5].as_slice()),
        ("first.key", &[1; 32]),
        ("01.key", &[1; 32]),
        ("+1.key", &[1; 32]),
        ("4294967296.key", &[1; 32]),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        assert_eq!(code(folder.path()), "vault.keys", "{name}");
        assert_eq!(fs::read(&path).unwrap(), content);
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn programs_that_start_at_once_open_what_the_others_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let vaults: Vec<Vault> = thread::scope(|scope| {
        let starts: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| Vault::open(folder.path(), at(0)).unwrap()))
            .collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    for one in &vaults {
        let sealed = one.seal(TOTP, "account:1", b"secret").unwrap();
        for other in &vaults {
            assert_eq!(other.unseal(TOTP, "account:1", &sealed).unwrap(), b"secret");
        }
    }
}

/// A running program is told nothing, and seals with the new key.
#[test]
fn a_new_key_seals_from_now_on_in_every_program_and_old_texts_stay_readable() {
    let folder = tempfile::tempdir().unwrap();
    let (running, command) = (
        Vault::open(folder.path(), at(0)).unwrap(),
        Vault::open(folder.path(), at(9)).unwrap(),
    );
    let old = running.seal(TOTP, "account:1", b"secret").unwrap();
    let old_tag = running.tag(TOTP, "account:1", b"code").unwrap();
    let number = command.add_key(at(60)).unwrap();
    for kept in [
        running.seal(TOTP, "account:1", b"secret").unwrap(),
        running.tag(TOTP, "account:1", b"code").unwrap(),
    ] {
        assert_eq!(vault::key_of(&kept).unwrap(), number);
    }
    assert_eq!(running.unseal(TOTP, "account:1", &old).unwrap(), b"secret");
    assert!(running.tag_holds(TOTP, "account:1", b"code", &old_tag).unwrap());
    let new = running.reseal(TOTP, "account:1", &old).unwrap().unwrap();
    assert_eq!(vault::key_of(&new).unwrap(), number);
    assert_eq!(command.unseal(TOTP, "account:1", &new).unwrap(), b"secret");
    assert_eq!(
        command.reseal(TOTP, "account:1", &new).unwrap(),
        None,
        "it is under the newest"
    );
    assert_eq!(
        command.reseal(TOTP, "account:2", &old).unwrap_err().code,
        "vault.sealed_broken",
        "a text of another row gets no new seal either"
    );
}

#[test]
fn a_key_is_newer_than_all_others_even_where_the_clock_was_set_back() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(folder.path(), at(100)).unwrap();
    let first = vault.numbers().unwrap()[0];
    assert_eq!(vault.add_key(at(40)).unwrap(), first + 1);
    assert_eq!(vault.numbers().unwrap(), [first, first + 1]);
}

#[test]
fn the_newest_key_and_one_whose_successor_is_young_are_not_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(folder.path(), at(0)).unwrap();
    let sealed = vault.seal(TOTP, "account:1", b"secret").unwrap();
    let first = vault.numbers().unwrap()[0];
    let code = |number, now| vault.remove_key(number, now).unwrap_err().code;
    assert_eq!(code(first, at(100_000)), "vault.key_in_force");
    vault.add_key(at(60)).unwrap();
    assert_eq!(code(first, at(60 + 599)), "vault.key_not_settled");
    assert_eq!(vault.numbers().unwrap().len(), 2);
    vault.remove_key(first, at(60 + 600)).unwrap();
    assert_eq!(keys(folder.path()).len(), 1);
    assert_eq!(
        vault.unseal(TOTP, "account:1", &sealed).unwrap_err().code,
        "vault.key_missing"
    );
}

/// Nothing is sealed with a key that the next start would not find.
#[test]
fn a_program_whose_folder_was_emptied_seals_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(folder.path(), at(0)).unwrap();
    for key in keys(folder.path()) {
        fs::remove_file(key).unwrap();
    }
    assert_eq!(vault.seal(TOTP, "account:1", b"secret").unwrap_err().code, "vault.keys");
    assert_eq!(vault.add_key(at(60)).unwrap_err().code, "vault.keys");
}

#[test]
fn keys_that_go_while_the_folder_is_read_disturb_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(folder.path(), at(0)).unwrap();
    let path = |number: u32| folder.path().join(format!("{number}.key"));
    for _ in 0..5 {
        for number in 0..300 {
            fs::write(path(number), [7; 32]).unwrap();
        }
        thread::scope(|scope| {
            let remover = scope.spawn(|| (0..300).for_each(|number| fs::remove_file(path(number)).unwrap()));
            while !remover.is_finished() {
                vault.numbers().unwrap();
            }
        });
        assert_eq!(vault.numbers().unwrap().len(), 1);
    }
    // What is still there and cannot be read is another thing.
    symlink(folder.path().join("nowhere"), path(1)).unwrap();
    assert_eq!(vault.numbers().unwrap_err().code, "vault.keys");
}

/// A program that is killed while it makes a key leaves a copy of it.
#[test]
fn copies_left_by_a_killed_program_are_taken_away_at_the_next_start_and_with_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(folder.path(), at(0)).unwrap();
    let first = vault.numbers().unwrap()[0];
    let left = |name: &str, seconds| {
        let path = folder.path().join(name);
        fs::write(&path, [7; 32]).unwrap();
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::from(at(seconds))).unwrap();
        path
    };
    let (old, young) = (left("0123456789abcdef.new", 0), left("fedcba9876543210.new", 2));
    let foreign = left("notes.new", 0);
    Vault::open(folder.path(), at(601)).unwrap();
    assert!(!old.exists());
    assert!(young.exists(), "somebody may be making it");
    vault.add_key(at(60)).unwrap();
    vault.remove_key(first, at(660)).unwrap();
    assert!(!young.exists());
    assert!(foreign.exists(), "it is none of ours");
}

#[test]
fn a_column_opens_in_its_row_only_and_its_length_tells_little() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(folder.path(), at(0)).unwrap();
    let (draft, case) = (vault::Sealed("forms.draft"), vault::Sealed("dossiers.case"));
    let sealed = draft.seal(&vault, "draft:1", &["An", "0912345678"]).unwrap();
    let opened: Vec<String> = draft.open(&vault, "draft:1", &sealed).unwrap();
    assert_eq!(opened, ["An", "0912345678"]);
    for fault in [
        draft.open::<Vec<String>>(&vault, "draft:2", &sealed).unwrap_err(),
        case.open::<Vec<String>>(&vault, "draft:1", &sealed).unwrap_err(),
        draft.open::<u32>(&vault, "draft:1", &sealed).unwrap_err(),
    ] {
        assert_eq!(fault.code, "vault.sealed_broken");
        assert!(!format!("{fault:?}").contains("0912345678"), "{fault:?}");
    }
    let other = draft.seal(&vault, "draft:1", &["Nguyễn Thị Mẫu"]).unwrap();
    assert_eq!(other.len(), sealed.len());
    let key = vault.add_key(at(60)).unwrap();
    let anew = draft.reseal(&vault, "draft:1", &sealed).unwrap().unwrap();
    assert_eq!(vault::key_of(&anew).unwrap(), key);
    assert_eq!(draft.reseal(&vault, "draft:1", &anew).unwrap(), None);
    assert_eq!(draft.open::<Vec<String>>(&vault, "draft:1", &anew).unwrap(), opened);
}

#[test]
fn what_is_looked_up_is_found_under_every_key() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(folder.path(), at(0)).unwrap();
    let first = vault.tag("identity.number", "person", b"093190000017").unwrap();
    vault.add_key(at(60)).unwrap();
    let second = vault.tag("identity.number", "person", b"093190000017").unwrap();
    assert_ne!(first, second);
    let tags = vault.tags("identity.number", "person", b"093190000017").unwrap();
    assert_eq!(tags, [second, first], "the newest first");
    assert!(
        !vault
            .tags("identity.number", "person", b"093190000018")
            .unwrap()
            .contains(&tags[0])
    );
    assert!(
        !vault
            .tags("identity.phone", "person", b"093190000017")
            .unwrap()
            .contains(&tags[0])
    );
}

/// What is sealed and what it is found by lie under one key, whatever happens in between.
#[test]
fn a_tag_is_made_under_the_key_that_has_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(folder.path(), at(0)).unwrap();
    let sealed = vault.seal("identity.person", "person:1", b"093190000017").unwrap();
    vault.add_key(at(60)).unwrap();
    let key = key_of(&sealed).unwrap();
    let tag = vault
        .tag_under(key, "identity.number", "person", b"093190000017")
        .unwrap();
    assert_eq!(key_of(&tag).unwrap(), key);
    assert_eq!(
        vault.tags("identity.number", "person", b"093190000017").unwrap()[1],
        tag
    );
}

/// Nobody who signs in waits for a folder that is away for a moment; nothing is sealed meanwhile.
#[test]
fn what_is_looked_up_is_found_while_the_folder_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let (home, apart) = (folder.path().join("keys"), folder.path().join("apart"));
    let vault = Vault::open(&home, at(0)).unwrap();
    let before = vault.tags("identity.number", "person", b"093190000017").unwrap();
    std::fs::rename(&home, &apart).unwrap();
    assert_eq!(
        vault.tags("identity.number", "person", b"093190000017").unwrap(),
        before
    );
    assert_eq!(
        vault.seal("identity.totp", "account:1", b"secret").unwrap_err().code,
        "vault.keys"
    );
    assert_eq!(Vault::existing(&home, 1).err().unwrap().code, "vault.key_missing");
}

/// The folder is not read again while it stays as it is; a key that comes or goes is seen at once.
#[test]
fn a_folder_that_has_rested_shows_the_next_key_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(folder.path(), at(0)).unwrap();
    let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    let rest = || {
        std::fs::File::open(folder.path())
            .unwrap()
            .set_modified(long_ago)
            .unwrap()
    };
    rest();
    let [first] = vault.numbers().unwrap().try_into().unwrap();
    assert_eq!(vault.numbers().unwrap(), [first]);
    let second = vault.add_key(at(60)).unwrap();
    assert_eq!(vault.numbers().unwrap(), [first, second]);
    std::fs::remove_file(folder.path().join(format!("{second}.key"))).unwrap();
    assert_eq!(vault.numbers().unwrap(), [first]);
}
