//! What tells who somebody is lies sealed: raw rows show nothing of it, people are found by number and telephone all the same, what is moved does
//! not open, and keys change meanwhile.

use chrono::Duration;
use db::PageRequest;
use identity::{NewPerson, Person, PersonChange, PersonField, Residence};
use kernel::code::Sex;
use kernel::{Actor, Clock, PersonId};
use vault::Resealed;

use crate::town::{PASSWORD, Town, cheap, code, day, engine};

const NUMBER: &str = "093085001234";
const PHONE: &str = "0912345678";
const FOR: &str = "H30.29.01-260302-0001";
const TOLD: [&str; 6] = [NUMBER, PHONE, "sen@example.vn", "1985-04-30", "Hùng Vương", "female"];

fn sen() -> NewPerson {
    NewPerson {
        personal_number: Some(NUMBER.parse().unwrap()),
        phone: Some(PHONE.parse().unwrap()),
        email: Some("sen@example.vn".into()),
        birth_date: Some(day("1985-04-30")),
        sex: Some(Sex::Female),
        ethnicity: Some("05".into()),
        residence: Some(Residence {
            ward_code: "31340".into(),
            detail: "12 Hùng Vương".into(),
        }),
        ..NewPerson::named("Lê Thị Sen")
    }
}

impl Town {
    async fn rows(&self) -> String {
        let rows: Vec<String> = sqlx::query_scalar(
            "SELECT person::text FROM identity.person UNION ALL SELECT account::text FROM identity.account
             UNION ALL SELECT sign_in_attempt::text FROM identity.sign_in_attempt",
        )
        .fetch_all(&self.scratch.pool)
        .await
        .unwrap();
        rows.join("\n")
    }

    async fn known(&self, id: PersonId) -> Person {
        let mut op = self.loader().await;
        self.identity.person(&mut op, id, "").await.unwrap()
    }

    async fn is_found(&self, clerk: &Actor, id: PersonId) {
        for words in ["093 085 001 234", "0912.345.678", "le sen"] {
            let mut op = self.op(clerk).await;
            let first = PageRequest::first();
            let page = self.identity.find_people(&mut op, words, FOR, &first).await.unwrap();
            assert_eq!(page.items.len(), 1, "{words}");
            assert_eq!(page.items[0].id, id);
            assert_eq!(page.items[0].birth_date, Some(day("1985-04-30")));
        }
    }

    async fn details_under(&self, key: u32) -> i64 {
        self.details(|used| used.key == key).await
    }

    /// How many details of people and names of accounts are kept so; one look at all keys.
    async fn details(&self, kept: impl Fn(&vault::KeyUse) -> bool) -> i64 {
        let mut op = self.op(&Actor::System("test")).await;
        let uses = self.identity.keys_in_use(&mut op).await.unwrap();
        let own = |used: &&vault::KeyUse| ["identity.person", "identity.login"].contains(&used.purpose) && kept(used);
        uses.iter().filter(own).map(|used| used.count).sum()
    }

    /// The newest key until now, and a newer one.
    pub async fn turn(&self) -> (u32, u32) {
        let old = self.vault().numbers().unwrap().pop().unwrap();
        self.advance(Duration::minutes(1));
        (old, self.vault().add_key(self.scratch.clock.now()).unwrap())
    }
}

// shows: R028
#[tokio::test]
async fn raw_rows_show_a_name_and_a_ward_and_nothing_else() {
    let town = Town::new().await;
    let id = town.register(&sen()).await;
    town.account(id, NUMBER).await;
    town.citizen("Trần Văn Bưởi", "bưởi@example.vn").await;
    town.enter(NUMBER).await;
    town.refused(NUMBER, "một câu khác hẳn", crate::town::HOME).await;
    let rows = town.rows().await;
    assert!(rows.contains("Lê Thị Sen") && rows.contains("31340"));
    for told in TOLD.into_iter().chain(["buoi@", "bưởi@"]) {
        assert!(!rows.contains(told), "{told} in\n{rows}");
        let bytes: String = told.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!rows.contains(&bytes), "{told} in\n{rows}");
    }
    // Nor is a number found by trying all of them: what stands for it needs a key.
    let tried: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM identity.person WHERE number_tag LIKE '%' || sha256($1::bytea) || '%'::bytea)
             OR EXISTS (SELECT FROM identity.sign_in_attempt WHERE login_sha256 = sha256($1::bytea))",
    )
    .bind(NUMBER.as_bytes())
    .fetch_one(&town.scratch.pool)
    .await
    .unwrap();
    assert!(!tried);
    let known = town.known(id).await;
    assert_eq!(known.personal_number.unwrap().as_str(), NUMBER);
    assert_eq!((known.phone.unwrap().as_str(), known.sex), (PHONE, Some(Sex::Female)));
    assert_eq!(known.residence.unwrap().detail, "12 Hùng Vương");
    for sql in [
        "UPDATE identity.person SET phone = '0900000000'",
        "UPDATE identity.account SET login = 'sen' WHERE sealed IS NOT NULL",
    ] {
        let fault = sqlx::query(sql).execute(&town.scratch.pool).await.unwrap_err();
        assert!(fault.to_string().contains("_sealed"), "{fault}");
    }
}

// shows: R028
#[tokio::test]
async fn what_is_copied_to_somebody_else_is_refused() {
    let town = Town::new().await;
    let (mine, other) = (town.register(&sen()).await, town.person("Trần Văn Bưởi").await);
    let copy = "UPDATE identity.person SET sealed = (SELECT sealed FROM identity.person WHERE id = $1) WHERE id = $2";
    sqlx::query(copy)
        .bind(mine.uuid())
        .bind(other.uuid())
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    let mut op = town.loader().await;
    let fault = town.identity.person(&mut op, other, "").await.unwrap_err();
    assert_eq!((fault.code, fault.kind.status()), ("vault.sealed_broken", 500));
    let change = PersonChange {
        phone: Some(None),
        ..PersonChange::default()
    };
    let changed = town.identity.change_person(&mut op, other, &change, "").await;
    assert_eq!(code(changed), "vault.sealed_broken");
    assert_eq!(town.known(mine).await.email.as_deref(), Some("sen@example.vn"));
}

// shows: R028 R032
#[tokio::test]
async fn one_number_is_one_person_and_one_login_one_account_while_keys_change() {
    let town = Town::new().await;
    let id = town.register(&sen()).await;
    let account = town.account(id, NUMBER).await;
    let clerk = town.desk("mot.cua", &["clerk"]).await;
    town.is_found(&clerk, id).await;
    let (old, new) = town.turn().await;
    town.is_found(&clerk, id).await;
    assert_eq!(town.register(&sen()).await, id, "the loader finds whom it knows");
    let namesake = NewPerson {
        personal_number: Some(NUMBER.parse().unwrap()),
        ..NewPerson::named("Lê Thị Khác")
    };
    let mut op = town.op(&clerk).await;
    let taken = town.identity.register_person(&mut op, &namesake).await;
    assert_eq!(code(taken), "identity.personal_number_taken");
    drop(op);
    let other = town.person("Trần Văn Bưởi").await;
    let mut op = town.loader().await;
    let login = identity::NewAccount {
        person: other,
        login: NUMBER.into(),
        password: None,
    };
    assert_eq!(
        code(town.identity.create_account(&mut op, &login).await),
        "identity.login_taken"
    );
    drop(op);
    town.enter("093.085.001.234").await;
    town.identity.reseal(&town.scratch.ops).await.unwrap();
    assert_eq!(town.details_under(old).await, 0);
    assert!(town.details_under(new).await >= 4);
    town.is_found(&clerk, id).await;
    town.enter(NUMBER).await;
    let mut op = town.loader().await;
    let found = town.identity.account_by_login(&mut op, NUMBER).await.unwrap().unwrap();
    assert_eq!((found.id, found.login.as_str()), (account, NUMBER));
    assert_eq!(
        code(town.identity.create_account(&mut op, &login).await),
        "identity.login_taken"
    );
}

// shows: R028
#[tokio::test]
async fn what_an_older_program_wrote_is_read_and_then_sealed() {
    let town = Town::new().await;
    let id = town.register(&sen()).await;
    town.account(id, NUMBER).await;
    let clerk = town.desk("mot.cua", &["clerk"]).await;
    let before = town.known(id).await;
    for sql in [
        "UPDATE identity.person
            SET sealed = NULL, number_tag = NULL, phone_tag = NULL, personal_number = '093085001234', birth_date = '1985-04-30',
                sex = 'female', ethnicity = '05', residence_detail = '12 Hùng Vương', phone = '0912345678', email = 'sen@example.vn'
          WHERE full_name = 'Lê Thị Sen'",
        "UPDATE identity.account SET sealed = NULL, login_tag = NULL, login = '093085001234', login_folded = '093085001234'
          WHERE sealed IS NOT NULL",
    ] {
        let done = sqlx::query(sql).execute(&town.scratch.pool).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    }
    assert_eq!(town.known(id).await, before);
    town.is_found(&clerk, id).await;
    town.enter(NUMBER).await;
    assert_eq!(town.register(&sen()).await, id);
    // The loader has sealed the person by writing; the account waits for its turn.
    let done = Resealed {
        done: 1,
        unreadable: 0,
        ..Resealed::default()
    };
    assert_eq!(town.identity.seal_plain(&town.scratch.ops).await.unwrap(), done);
    assert_eq!(
        town.identity.seal_plain(&town.scratch.ops).await.unwrap(),
        Resealed::default()
    );
    let rows = town.rows().await;
    assert!(TOLD.iter().all(|told| !rows.contains(told)), "{rows}");
    assert_eq!(town.known(id).await, before);
    town.is_found(&clerk, id).await;
    town.enter(NUMBER).await;
}

// shows: R028
#[tokio::test]
async fn people_are_corrected_and_forgotten_under_seal() {
    let town = Town::new().await;
    let id = town.register(&sen()).await;
    let desk = town.desk("du.lieu", &["data_protection"]).await;
    let mut op = town.op(&desk).await;
    let wishes = [(PersonField::Address, "34 Lê Lợi".to_owned())];
    town.identity.correct_person(&mut op, id, &wishes, FOR).await.unwrap();
    op.commit().await.unwrap();
    let mut op = town.loader().await;
    let change = PersonChange {
        full_name: Some("Lê Thị Hoa Sen".into()),
        phone: Some(Some("0987654321".parse().unwrap())),
        ..PersonChange::default()
    };
    town.identity.change_person(&mut op, id, &change, "").await.unwrap();
    op.commit().await.unwrap();
    let known = town.known(id).await;
    assert_eq!(
        known.personal_number.unwrap().as_str(),
        NUMBER,
        "what was not named stays"
    );
    assert_eq!(known.residence.unwrap().detail, "34 Lê Lợi");
    assert_eq!(
        (known.full_name.as_str(), known.phone.unwrap().as_str()),
        ("Lê Thị Hoa Sen", "0987654321")
    );
    let rows = town.rows().await;
    assert!(!rows.contains("34 Lê Lợi") && !rows.contains("0987654321"), "{rows}");
}

/// Ended by force between two batches, and within one: the next call goes on, and what does not open stops nobody.
#[tokio::test]
async fn a_change_that_was_cut_short_is_finished_by_the_next_call() {
    let town = Town::new().await;
    let id = town.register(&sen()).await;
    town.account(id, NUMBER).await;
    for name in ["An", "Bình", "Cúc"] {
        town.person(name).await;
    }
    sqlx::query(
        "UPDATE identity.person SET sealed = set_byte(sealed, 20, 255 - get_byte(sealed, 20)) WHERE full_name = 'An'",
    )
    .execute(&town.scratch.pool)
    .await
    .unwrap();
    let (old, new) = town.turn().await;
    let all = town.details_under(old).await;
    let mut ended_within = 0;
    for patience in (1..).step_by(5) {
        let command = engine(&town.scratch, cheap());
        let mut work = std::pin::pin!(command.reseal_by(&town.scratch.ops, 1));
        let mut polled = 0;
        let ended = std::future::poll_fn(|context| {
            polled += 1;
            match work.as_mut().poll(context) {
                std::task::Poll::Ready(done) => std::task::Poll::Ready(Some(done)),
                std::task::Poll::Pending if polled > patience => std::task::Poll::Ready(None),
                pending => pending.map(Some),
            }
        })
        .await;
        if let Some(done) = ended {
            assert_eq!(done.unwrap().unreadable, 1);
            break;
        }
        ended_within += 1;
        // In one look: what the call had sent before it was cut short may be written only now.
        assert_eq!(town.details(|_| true).await, all);
    }
    assert!(ended_within > 0, "{ended_within}");
    assert_eq!(
        (town.details_under(old).await, town.details_under(new).await),
        (1, all - 1)
    );
    town.sign_in(NUMBER, PASSWORD, crate::town::HOME).await.unwrap();
}

impl Town {
    /// As an older program has left somebody.
    async fn in_plain(&self, name: &str, number: &str) {
        sqlx::query(
            "UPDATE identity.person SET sealed = NULL, number_tag = NULL, phone_tag = NULL, personal_number = $2 WHERE full_name = $1",
        )
        .bind(name)
        .bind(number)
        .execute(&self.scratch.pool)
        .await
        .unwrap();
    }
}

// shows: R028
#[tokio::test]
async fn a_turn_of_sealing_ends_in_time_and_the_next_one_goes_on() {
    let town = Town::new().await;
    for (name, number) in [
        ("An", "093085000001"),
        ("Bình", "093085000002"),
        ("Cúc", "093085000003"),
    ] {
        town.person(name).await;
        town.in_plain(name, number).await;
    }
    let ops = &town.scratch.ops;
    let turn = async || {
        let time = std::time::Duration::ZERO;
        let sealed = town.identity.seal_plain_by(ops, 1, time).await.unwrap();
        (sealed.done, sealed.left)
    };
    assert_eq!(turn().await, (1, true), "others get their turn now");
    let mut jobs = op::Jobs::new();
    identity::jobs::register_seal(&mut jobs, &town.identity);
    op::begin_recurring(ops, &jobs).await.unwrap();
    op::drain(ops, &jobs).await.unwrap();
    assert_eq!(
        town.count("SELECT count(*) FROM identity.person WHERE sealed IS NULL")
            .await,
        0
    );
    assert_eq!(turn().await, (0, false));
}

// shows: R028 R032
#[tokio::test]
async fn two_rows_with_one_number_keep_nobody_else_waiting_and_are_told_apart_by_nobody() {
    let town = Town::new().await;
    town.register(&sen()).await;
    for (name, number) in [("Bưởi", NUMBER), ("Cúc", "093085000003")] {
        town.person(name).await;
        town.in_plain(name, number).await;
    }
    let sealed = town.identity.seal_plain(&town.scratch.ops).await.unwrap();
    assert_eq!((sealed.done, sealed.conflicting, sealed.unreadable), (1, 1, 0));
    let plain = "SELECT count(*) FROM identity.person WHERE sealed IS NULL AND full_name <> 'Bưởi'";
    assert_eq!(town.count(plain).await, 0);
    let (old, _) = town.turn().await;
    let sealed = town.identity.reseal(&town.scratch.ops).await.unwrap();
    assert_eq!((sealed.conflicting, town.details_under(old).await), (1, 0));
    let mut op = town.loader().await;
    let number = NUMBER.parse().unwrap();
    let found = town.identity.person_by_number(&mut op, &number, "").await;
    assert_eq!(code(found), "identity.row_broken");
    assert_eq!(
        code(town.identity.register_person(&mut op, &sen()).await),
        "identity.row_broken"
    );
}

// shows: R028 R032
#[tokio::test]
async fn a_hash_that_was_moved_finds_nobody_else() {
    let town = Town::new().await;
    let id = town.register(&sen()).await;
    town.account(id, NUMBER).await;
    town.citizen("Trần Văn Bưởi", "buoi@example.vn").await;
    for sql in [
        "UPDATE identity.person SET number_tag = NULL WHERE full_name <> 'Trần Văn Bưởi'",
        "UPDATE identity.account SET login_tag = '\\x0100000000' WHERE person = (SELECT id FROM identity.person WHERE full_name = 'Lê Thị Sen')",
    ] {
        sqlx::query(sql).execute(&town.scratch.pool).await.unwrap();
    }
    let vault = town.vault();
    let number = vault.tag("identity.number", "person", NUMBER.as_bytes()).unwrap();
    let login = vault.tag("identity.login", "account", NUMBER.as_bytes()).unwrap();
    for (sql, tag) in [
        (
            "UPDATE identity.person SET number_tag = $1 WHERE full_name = 'Trần Văn Bưởi'",
            number,
        ),
        (
            "UPDATE identity.account SET login_tag = $1 WHERE person = (SELECT id FROM identity.person WHERE full_name = 'Trần Văn Bưởi')",
            login,
        ),
    ] {
        let done = sqlx::query(sql).bind(tag).execute(&town.scratch.pool).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    }
    let mut op = town.loader().await;
    let number = NUMBER.parse().unwrap();
    let found = town.identity.person_by_number(&mut op, &number, "").await;
    assert_eq!(code(found), "identity.row_broken");
    drop(op);
    assert_eq!(
        town.refused(NUMBER, PASSWORD, crate::town::HOME).await,
        "identity.row_broken"
    );
}

// shows: R028
#[tokio::test]
async fn a_row_that_does_not_open_leaves_the_others_in_the_list() {
    let town = Town::new().await;
    town.register(&sen()).await;
    town.person("Trần Thị Sen").await;
    let clerk = town.desk("mot.cua", &["clerk"]).await;
    sqlx::query("UPDATE identity.person SET sealed = set_byte(sealed, 20, 255 - get_byte(sealed, 20)) WHERE full_name = 'Trần Thị Sen'")
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    let mut op = town.op(&clerk).await;
    let first = PageRequest::first();
    let page = town.identity.find_people(&mut op, "sen", FOR, &first).await.unwrap();
    let born: Vec<_> = page
        .items
        .iter()
        .map(|row| (row.full_name.as_str(), row.birth_date))
        .collect();
    assert_eq!(born, [("Lê Thị Sen", Some(day("1985-04-30"))), ("Trần Thị Sen", None)]);
}

// shows: R028
#[tokio::test]
async fn a_new_name_that_is_a_number_is_told_to_nobody_but_its_owner() {
    let town = Town::new().await;
    let account = town.citizen("Lê Thị Sen", "sen").await;
    let mut op = town.loader().await;
    town.identity.rename_account(&mut op, account, NUMBER).await.unwrap();
    op.commit().await.unwrap();
    town.enter(NUMBER).await;
    let told: Vec<String> = sqlx::query_scalar(
        "SELECT event::text FROM op.event UNION ALL SELECT audit_entry::text FROM op.audit_entry UNION ALL SELECT job::text FROM op.job",
    )
    .fetch_all(&town.scratch.pool)
    .await
    .unwrap();
    assert!(told.iter().any(|line| line.contains("•••234")), "{told:?}");
    assert!(!told.iter().any(|line| line.contains(NUMBER)), "{told:?}");
    assert!(!town.rows().await.contains(NUMBER));
}
