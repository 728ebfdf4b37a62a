//! Two accounts of one person become one (R030, R032), with the paper, by two officials, and what must not be possible.

use chrono::Duration;
use db::PageRequest;
use identity::{AccountFilter, MergeState, NewCounterCode, NewMerge, NewPerson, OwnMerge, Start, Validity, Vouched};
use kernel::{AccountId, Actor, Fault, PersonId, PersonalNumber, Result};
use op::{Keeper, Whom};
use uuid::Uuid;

use crate::town::{HOME, PASSWORD, Town, code, day};

const OLD: &str = "999192000017";
const NEW: &str = "999192000028";
const NAME: &str = "Lê Thị Sen";
/// As long as owners may object in any case.
const DAYS: Duration = Duration::days(3);
const PAPER: &str = "Giấy xác nhận hủy số định danh 12/XN";

fn numbered(name: &str, number: &str) -> NewPerson {
    NewPerson {
        personal_number: Some(number.parse().unwrap()),
        birth_date: Some(day("1992-04-17")),
        ..NewPerson::named(name)
    }
}

struct Pair {
    town: Town,
    /// Who proposes, and who confirms.
    admins: [Actor; 2],
    from: (PersonId, AccountId),
    into: (PersonId, AccountId),
}

async fn town_of_admins() -> (Town, [Actor; 2]) {
    let town = Town::new().await;
    let admins = [
        town.desk("anh.quan", &["admin"]).await,
        town.desk("chi.tri", &["admin"]).await,
    ];
    (town, admins)
}

impl Town {
    async fn numbered(&self, name: &str, number: &str) -> (PersonId, AccountId) {
        let person = self.register(&numbered(name, number)).await;
        (person, self.account(person, number).await)
    }

    async fn propose_merge(&self, admin: &Actor, account: AccountId, new: &NewMerge) -> Result<Uuid, Fault> {
        let op = self.op(admin).await;
        self.identity.propose_merge(op, account, new).await
    }

    async fn agree(&self, admin: &Actor, id: Uuid) -> Result<(), Fault> {
        let mut op = self.op(admin).await;
        self.identity.confirm_merge(&mut op, id).await?;
        op.commit().await
    }

    async fn disagree(&self, admin: &Actor, id: Uuid, reason: &str) -> Result<(), Fault> {
        let mut op = self.op(admin).await;
        self.identity.refuse_merge(&mut op, id, reason).await?;
        op.commit().await
    }

    async fn join(&self, admins: &[Actor; 2], account: AccountId, number: &str) {
        let id = self.propose_merge(&admins[0], account, &into(number)).await.unwrap();
        self.advance(DAYS);
        self.agree(&admins[1], id).await.unwrap();
    }

    async fn object(&self, owner: &Actor, which: Option<Uuid>, reason: &str) -> Result<(), Fault> {
        let mut op = self.op(owner).await;
        self.identity.object_to_merge(&mut op, which, reason).await?;
        op.commit().await
    }

    async fn own_merges(&self, owner: &Actor) -> Vec<OwnMerge> {
        let mut op = self.op(owner).await;
        self.identity.own_merges(&mut op).await.unwrap()
    }

    /// One acts for another from now on, as the approval of a registration, or whoever gives a power of attorney, writes it.
    async fn represents(&self, kind: &str, represented: PersonId, representative: PersonId, (from, to): (&str, &str)) {
        sqlx::query(
            "WITH asked AS (
                 INSERT INTO identity.registration (
                     id, kind, sealed, number_tag, nationality, receipt_sha256, asked_by, standing, agency, network, state, asked_at,
                     expires_at, decided_at, decided_by, person)
                 SELECT gen_random_uuid(), 'child', '\\x00', '\\x00', 'VN', sha256(gen_random_uuid()::text::bytea), account.id, 'parent',
                        agency.id, '', 'approved', now(), now(), now(), account.id, $2
                 FROM (SELECT id FROM identity.agency LIMIT 1) AS agency, (SELECT id FROM identity.account ORDER BY id LIMIT 1) AS account
                 RETURNING id, asked_by)
             INSERT INTO identity.representation (
                 id, kind, represented, representative, valid_from, valid_to, registration, given_by, given_at)
             SELECT gen_random_uuid(), $1, $2, $3, $4::date, $5::date, CASE WHEN $1 <> 'attorney' THEN id END, asked_by, now()
             FROM asked",
        )
        .bind(kind)
        .bind(represented.uuid())
        .bind(representative.uuid())
        .bind(day(from))
        .bind(day(to))
        .execute(&self.scratch.pool)
        .await
        .unwrap();
    }

    async fn people(&self, admin: &Actor, words: &str) -> Vec<PersonId> {
        let mut op = self.op(admin).await;
        let page = PageRequest::first();
        let found = self
            .identity
            .find_people(&mut op, words, "gộp tài khoản", &page)
            .await
            .unwrap();
        op.commit().await.unwrap();
        found.items.into_iter().map(|row| row.id).collect()
    }

    async fn leads_to(&self, person: PersonId) -> Option<Uuid> {
        sqlx::query_scalar("SELECT merged_into FROM identity.person WHERE id = $1")
            .bind(person.uuid())
            .fetch_one(&self.scratch.pool)
            .await
            .unwrap()
    }
}

fn into(number: &str) -> NewMerge {
    NewMerge {
        number: number.into(),
        paper: PAPER.into(),
        differs: false,
        why: String::new(),
    }
}

async fn pair() -> Pair {
    let (town, admins) = town_of_admins().await;
    let from = town.numbered(NAME, OLD).await;
    let into = town.numbered("LÊ THỊ SEN", NEW).await;
    Pair {
        town,
        admins,
        from,
        into,
    }
}

// shows: R030, R032
#[tokio::test]
async fn one_official_proposes_another_confirms_and_the_old_account_leads_to_the_new_one() {
    let Pair {
        town,
        admins,
        from,
        into: remains,
    } = pair().await;
    let before = town.enter(OLD).await;
    let op = town.op(&admins[0]).await;
    let preview = town.identity.merge_preview(op, from.1, "999 192 000 028").await;
    let preview = preview.unwrap();
    assert_eq!((preview.from.person, preview.into.account), (from.0, Some(remains.1)));
    assert!(!preview.differs, "marks and case are no difference");
    assert_eq!(preview.from.number_masked, "•••••••••017");
    assert!(
        preview
            .counts
            .iter()
            .any(|one| one.what == "sessions" && one.count == 1),
        "{:?}",
        preview.counts
    );
    let id = town.propose_merge(&admins[0], from.1, &into(NEW)).await.unwrap();
    let again = town.propose_merge(&admins[0], from.1, &into(NEW)).await.unwrap();
    assert_eq!(again, id, "pressed twice it is proposed once");
    assert_eq!(
        code(town.propose_merge(&admins[1], from.1, &into(NEW)).await),
        "identity.merge_waiting"
    );
    assert!(town.actor(&before.token).await.is_some(), "nothing works before");
    assert_eq!(code(town.agree(&admins[0], id).await), "identity.merge_own");
    town.advance(DAYS);
    assert_eq!(code(town.agree(&admins[0], id).await), "identity.merge_own");
    town.agree(&admins[1], id).await.unwrap();
    town.agree(&admins[1], id).await.unwrap();
    assert_eq!(town.actor(&before.token).await, None, "its sessions are over");
    let told = town.sign_in(OLD, PASSWORD, HOME).await.unwrap_err();
    assert_eq!(told.code, "identity.account_joined");
    assert_eq!(told.params["number"], "028");
    assert_eq!(
        town.refused(OLD, "sai mật khẩu rồi", HOME).await,
        "identity.wrong_credentials",
        "only the right password is told"
    );
    assert_eq!(town.enter(NEW).await.actor.account(), Some(remains.1));
    assert_eq!(town.leads_to(from.0).await, Some(remains.0.uuid()));
    let mut op = town.op(&admins[0]).await;
    let (row, preview) = town.identity.merge(&mut op, id).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!((row.state, row.paper.as_str()), (MergeState::Done, PAPER));
    assert!(preview.is_none());
    let trail = town.trail().await;
    for action in ["identity.merge_proposed", "identity.accounts_merged"] {
        let count = trail.iter().filter(|(known, ..)| known == action).count();
        assert_eq!(count, 2, "{action}: one of each of the two, once");
    }
    for word in [OLD, NEW, PAPER, PASSWORD] {
        assert!(trail.iter().all(|(.., rest)| !rest.contains(word)), "{word}");
    }
    for (account, act) in [(from.1, "merged"), (remains.1, "merged_here")] {
        let mut op = town.op(&admins[0]).await;
        let sheet = town.identity.account_sheet(&mut op, account).await.unwrap();
        assert_eq!((sheet.lines[0].act.as_str(), sheet.lines.len()), (act, 1));
    }
}

// shows: R030
#[tokio::test]
async fn every_old_number_finds_whoever_remains() {
    let Pair {
        town,
        admins,
        from,
        into: remains,
    } = pair().await;
    town.join(&admins, from.1, NEW).await;
    let admin = &admins[0];
    for typed in [OLD, NEW, "le thi sen"] {
        assert_eq!(town.people(admin, typed).await, [remains.0], "{typed}");
    }
    let logins = town.found(admin, OLD, AccountFilter::All).await;
    assert!(logins.contains(&NEW.to_owned()), "{logins:?}");
    let number = PersonalNumber::parse(OLD).unwrap();
    let mut op = town.op(admin).await;
    let found = town.identity.person_by_number(&mut op, &number, "thử số cũ").await;
    assert_eq!(found.unwrap().unwrap().id, remains.0);
    let at_counter = town.identity.register_person(&mut op, &numbered(NAME, OLD)).await;
    assert_eq!(at_counter.unwrap(), remains.0);
    assert!(town.identity.goes_by(&mut op, remains.0, OLD).await.unwrap());
    assert!(town.identity.goes_by(&mut op, remains.0, NEW).await.unwrap());
    assert!(!town.identity.goes_by(&mut op, from.0, OLD).await.unwrap());
    op.commit().await.unwrap();
    let loaded = town.register(&numbered("Tên cũ trong danh sách", OLD)).await;
    assert_eq!(loaded, remains.0, "a loader of the old list changes nothing");
    let mut op = town.loader().await;
    let whole = town.identity.person(&mut op, remains.0, "").await.unwrap();
    assert_eq!(whole.full_name, "LÊ THỊ SEN");
    assert_eq!(whole.personal_number.unwrap().as_str(), NEW);
    let vouched = Vouched {
        personal_number: number,
        full_name: NAME.into(),
        birth_date: Some(day("1992-04-17")),
        synthetic: false,
        known: None,
    };
    let welcome = town.identity.welcome(&mut op, &vouched).await.unwrap();
    assert_eq!((welcome.account, welcome.opened), (remains.1, false));
    let told = town
        .identity
        .accounts_by_numbers(&mut op, &[OLD.parse().unwrap(), NEW.parse().unwrap()])
        .await
        .unwrap();
    assert_eq!(told, [(remains.0, Some(remains.1))], "once");
    op.commit().await.unwrap();
    let clerk = town.desk("anh.lua", &["clerk"]).await;
    let op = town.op(&clerk).await;
    let wanted = NewCounterCode {
        number: OLD.into(),
        name: NAME.into(),
        paper: "Thẻ căn cước".into(),
    };
    let given = town.identity.issue_code(op, &wanted).await.unwrap();
    assert_eq!(given.login, NEW);
}

// shows: R030
#[tokio::test]
async fn who_looked_at_either_is_told_and_so_is_what_stays_under_the_old_account() {
    let Pair {
        town,
        admins,
        from,
        into: remains,
    } = pair().await;
    let leader = town.desk("chi.ut", &["leader"]).await;
    let mut op = town.op(&leader).await;
    town.identity
        .person(&mut op, from.0, "H30.29.01-260213-0001")
        .await
        .unwrap();
    op.commit().await.unwrap();
    town.enter(OLD).await;
    town.join(&admins, from.1, NEW).await;
    let own = town.enter(NEW).await.actor;
    let mut op = town.op(&own).await;
    let looks = town.identity.looks_at_me(&mut op, &PageRequest::first()).await.unwrap();
    let read = |look: &&op::audit::Look| look.purpose == "H30.29.01-260213-0001";
    assert_eq!(looks.items.iter().filter(read).count(), 1);
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = PageRequest::new(after, Some(2));
        let page = town.identity.looks_at_me(&mut op, &page).await.unwrap();
        seen.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(
        seen, looks.items,
        "page by page nothing is lost and nothing comes twice"
    );
    drop(op);
    let mut op = town.loader().await;
    let permit = op.allow("identity.welcome", "test", op::Decision::Allow).await.unwrap();
    let whom = Whom {
        person: remains.0,
        account: Some(remains.1),
    };
    let told = town.identity.tell(&mut op, &permit, &whom, 50).await.unwrap();
    let of = |part: &str| told.iter().find(|kept| kept.part == part).unwrap().items.len();
    assert_eq!((of("person"), of("account"), of("sessions")), (2, 2, 2));
    town.identity.forget(&mut op, &permit, &whom).await.unwrap();
}

// shows: R032
#[tokio::test]
async fn where_whoever_remains_has_no_account_the_account_follows_under_the_new_number() {
    let (town, admins) = town_of_admins().await;
    let (old, account) = town.numbered(NAME, OLD).await;
    let remains = town.register(&numbered(NAME, NEW)).await;
    let owner = town.set_up(&town.identity, OLD).await;
    let id = town.propose_merge(&admins[0], account, &into(NEW)).await.unwrap();
    town.advance(DAYS);
    town.agree(&admins[1], id).await.unwrap();
    assert_eq!(town.actor(&owner.signed.token).await, None);
    let told = town.sign_in(OLD, PASSWORD, HOME).await.unwrap_err();
    assert_eq!(
        (told.code, &told.params["number"]),
        ("identity.account_joined", &"028".into())
    );
    town.advance(Duration::minutes(1));
    let half = town.half(NEW).await;
    let signed = town.finish(&half, &town.app(&owner.secret)).await.unwrap();
    assert_eq!(signed.actor.account(), Some(account), "with its second factor");
    assert_eq!(signed.actor.person(), Some(remains));
    let mut op = town.loader().await;
    assert_eq!(town.identity.account_of(&mut op, remains).await.unwrap(), Some(account));
    let stays = town.identity.account_of(&mut op, old).await.unwrap();
    assert!(
        stays.is_some_and(|stays| stays != account),
        "the old name lies with an account that nobody opens"
    );
}

#[tokio::test]
async fn nobody_is_joined_whom_the_rules_keep_apart() {
    let Pair { town, admins, from, .. } = pair().await;
    let admin = &admins[0];
    let propose = async |number: &str| code(town.propose_merge(admin, from.1, &into(number)).await);
    assert_eq!(propose("").await, "identity.required");
    assert_eq!(propose("999192000039").await, "identity.merge_number");
    assert_eq!(propose(OLD).await, "identity.merge_same");
    let unsaid = NewMerge {
        paper: " a ".into(),
        ..into(NEW)
    };
    assert_eq!(
        code(town.propose_merge(admin, from.1, &unsaid).await),
        "identity.paper_needed"
    );
    let unknown = town.propose_merge(admin, AccountId::new(), &into(NEW)).await;
    assert_eq!(code(unknown), "identity.account_not_found");

    // Whoever holds a position, today or later, on either side.
    let agency = town.agency("H30.29.01", "UBND phường Ngã Bảy").await;
    let position = town.position(agency, "mai-sau", &["clerk"]).await;
    let (later, account) = town.numbered("Phạm Văn Mai", "999192000040").await;
    town.hold(later, position, Validity::since(day("2099-01-01"))).await;
    assert_eq!(propose("999192000040").await, "identity.merge_official");
    let other = town.propose_merge(admin, account, &into(NEW)).await;
    assert_eq!(code(other), "identity.merge_official");

    // Oneself, on either side.
    let own = admin.account().unwrap();
    assert_eq!(
        code(town.propose_merge(admin, own, &into(NEW)).await),
        "identity.not_allowed"
    );

    // Others who look after accounts, and those who look up people.
    for (login, roles) in [
        ("chi.hai", "account_manager"),
        ("anh.lua", "clerk"),
        ("ba.tu", "leader"),
    ] {
        let other = town.desk(login, &[roles]).await;
        let refused = town.propose_merge(&other, from.1, &into(NEW)).await;
        assert_eq!(code(refused), "identity.not_allowed", "{roles}");
        let mut op = town.op(&other).await;
        let seen = town.identity.merges(&mut op, false, &PageRequest::first()).await;
        assert_eq!(code(seen), "identity.not_allowed", "{roles}");
    }
    let citizen = town.enter(NEW).await.actor;
    assert_eq!(
        code(town.propose_merge(&citizen, from.1, &into(NEW)).await),
        "identity.not_allowed"
    );

    // A suspended account is opened again before it is joined.
    let mut op = town.op(admin).await;
    town.identity
        .suspend_account(&mut op, from.1, "nghi bị chiếm")
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert_eq!(propose(NEW).await, "identity.account_suspended");
}

#[tokio::test]
async fn names_that_differ_are_joined_with_a_reason_alone_and_step_up_is_asked_twice() {
    let (town, admins) = town_of_admins().await;
    let (_, account) = town.numbered("Jean Dupont", OLD).await;
    town.numbered("Giăng Đuy Pông", NEW).await;
    let ticked = |differs: bool, why: &str| NewMerge {
        differs,
        why: why.into(),
        ..into(NEW)
    };
    for (new, fault) in [
        (ticked(false, ""), "identity.merge_differs"),
        (ticked(true, " "), "identity.required"),
    ] {
        assert_eq!(code(town.propose_merge(&admins[0], account, &new).await), fault);
    }
    let new = ticked(true, "tên phiên âm trong quyết định nhập tịch");
    let stale = town.scratch.ops.now() - Duration::days(1);
    let op = town.op(&admins[0]).await.shown(Some(stale));
    let refused = town.identity.propose_merge(op, account, &new).await;
    assert_eq!(code(refused), "identity.step_up_needed");
    let id = town.propose_merge(&admins[0], account, &new).await.unwrap();
    town.advance(DAYS);
    let mut op = town.op(&admins[1]).await.shown(Some(stale));
    assert_eq!(
        code(town.identity.confirm_merge(&mut op, id).await),
        "identity.step_up_needed"
    );
    drop(op);
    town.agree(&admins[1], id).await.unwrap();
}

#[tokio::test]
async fn a_name_that_differs_only_since_the_proposal_stops_the_second_official() {
    let Pair {
        town,
        admins,
        from,
        into: remains,
    } = pair().await;
    let id = town.propose_merge(&admins[0], from.1, &into(NEW)).await.unwrap();
    let mut op = town.op(&admins[0]).await;
    let change = identity::PersonChange {
        full_name: Some("Lê Thị Súng".into()),
        ..identity::PersonChange::default()
    };
    town.identity
        .change_person(&mut op, remains.0, &change, "đổi họ tên")
        .await
        .unwrap();
    op.commit().await.unwrap();
    town.advance(DAYS);
    assert_eq!(code(town.agree(&admins[1], id).await), "identity.merge_differs");
}

#[tokio::test]
async fn of_two_officials_one_decides_and_what_waits_too_long_is_over() {
    let Pair { town, admins, from, .. } = pair().await;
    let third = town.desk("anh.ba", &["admin"]).await;
    let id = town.propose_merge(&admins[0], from.1, &into(NEW)).await.unwrap();
    town.advance(DAYS);
    let (one, other) = tokio::join!(town.agree(&admins[1], id), town.agree(&third, id));
    let mut outcomes = [code(one), code(other)];
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["identity.merge_decided", "it worked"]);
    let done = "SELECT count(*) FROM op.audit_entry WHERE action = 'identity.accounts_merged'";
    assert_eq!(town.count(done).await, 2);
    let (_, account) = town.numbered(NAME, "999192000040").await;
    let id = town.propose_merge(&admins[0], account, &into(NEW)).await.unwrap();
    assert_eq!(code(town.disagree(&admins[1], id, "  ").await), "identity.required");
    town.disagree(&admins[1], id, "giấy chưa đủ").await.unwrap();
    assert_eq!(code(town.agree(&admins[1], id).await), "identity.merge_decided");
    let id = town.propose_merge(&admins[0], account, &into(NEW)).await.unwrap();
    town.advance(Duration::days(15));
    assert_eq!(code(town.agree(&admins[1], id).await), "identity.merge_over");
    let mut op = town.loader().await;
    identity::jobs::sweep(&mut op).await.unwrap();
    op.commit().await.unwrap();
    let mut op = town.op(&admins[0]).await;
    let decided = town
        .identity
        .merges(&mut op, true, &PageRequest::first())
        .await
        .unwrap();
    let states: Vec<MergeState> = decided.items.iter().map(|row| row.state).collect();
    assert_eq!(states, [MergeState::Expired, MergeState::Refused, MergeState::Done]);
    assert_eq!(decided.items[1].reason, "giấy chưa đủ");
    let waiting = town
        .identity
        .merges(&mut op, false, &PageRequest::first())
        .await
        .unwrap();
    assert!(waiting.items.is_empty());
    drop(op);
    town.enter("999192000040").await;
    town.propose_merge(&admins[0], account, &into(NEW)).await.unwrap();
}

// shows: R030
#[tokio::test]
async fn there_are_no_chains_and_the_database_says_so_too() {
    let Pair {
        town,
        admins,
        from,
        into: second,
    } = pair().await;
    let third = town.numbered(NAME, "999192000040").await;
    town.join(&admins, from.1, NEW).await;
    assert_eq!(
        code(town.propose_merge(&admins[0], from.1, &into("999192000040")).await),
        "identity.merged"
    );
    // The old number means whoever remains: there is nothing to join the account to.
    assert_eq!(
        code(town.propose_merge(&admins[0], second.1, &into(OLD)).await),
        "identity.merge_same"
    );
    town.join(&admins, second.1, "999192000040").await;
    for person in [from.0, second.0] {
        assert_eq!(town.leads_to(person).await, Some(third.0.uuid()));
    }
    for number in [OLD, NEW] {
        assert_eq!(town.people(&admins[0], number).await, [third.0]);
        let told = town.sign_in(number, PASSWORD, HOME).await.unwrap_err();
        assert_eq!(told.params["number"], "040");
    }
    // An office that is given under the old number is the one's who remains.
    let agency = town.agency("H30.29.01", "UBND phường Ngã Bảy").await;
    let position = town.position(agency, "ve-sau", &["clerk"]).await;
    town.hold(from.0, position, Validity::since(day("2024-01-01"))).await;
    assert!(town.enter("999192000040").await.actor.is_official());
    let stranger = town.person("Người khác").await;
    for (person, leads) in [(stranger, from.0), (third.0, stranger), (stranger, stranger)] {
        let chained = sqlx::query("UPDATE identity.person SET merged_into = $2 WHERE id = $1")
            .bind(person.uuid())
            .bind(leads.uuid())
            .execute(&town.scratch.pool)
            .await;
        assert!(chained.is_err(), "{person} {leads}");
    }
}

#[tokio::test]
async fn two_proposals_that_cross_end_in_one() {
    let Pair {
        town,
        admins,
        from,
        into: remains,
    } = pair().await;
    let one = town.propose_merge(&admins[0], from.1, &into(NEW)).await.unwrap();
    let other = town.propose_merge(&admins[0], remains.1, &into(OLD)).await.unwrap();
    let third = town.desk("anh.ba", &["admin"]).await;
    town.advance(DAYS);
    let (a, b) = tokio::join!(town.agree(&admins[1], one), town.agree(&third, other));
    let mut outcomes = [code(a), code(b)];
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["identity.merged", "it worked"]);
    let closed = "SELECT count(*) FROM identity.account WHERE state = 'closed'";
    assert_eq!(town.count(closed).await, 1);
}

#[tokio::test]
async fn what_opened_the_old_account_opens_nothing() {
    let Pair { town, admins, from, .. } = pair().await;
    let owner = town.set_up(&town.identity, OLD).await;
    let id = town.propose_merge(&admins[0], from.1, &into(NEW)).await.unwrap();
    town.advance(DAYS);
    let mut op = town.op(&admins[0]).await;
    let entry = town
        .identity
        .give_entry_code(&mut op, from.1, "mất mật khẩu")
        .await
        .unwrap();
    op.commit().await.unwrap();
    let clerk = town.desk("anh.lua", &["clerk"]).await;
    let op = town.op(&clerk).await;
    let wanted = NewCounterCode {
        number: OLD.into(),
        name: NAME.into(),
        paper: "Thẻ căn cước".into(),
    };
    let counter = town.identity.issue_code(op, &wanted).await.unwrap();
    let half = town.half(OLD).await;
    town.agree(&admins[1], id).await.unwrap();
    town.advance(Duration::minutes(1));
    assert!(town.finish(&half, &town.app(&owner.secret)).await.is_err());
    assert_eq!(town.actor(&owner.signed.token).await, None);
    assert!(town.start(OLD, &entry.code, "một câu mới bên rạch").await.is_err());
    let wish = Start {
        login: OLD,
        code: &counter.code,
        password: "một câu mới bên rạch",
        source: HOME,
    };
    assert!(
        town.identity
            .set_password_by_code(&town.scratch.ops, wish)
            .await
            .is_err()
    );
    for sql in [
        "SELECT count(*) FROM identity.totp",
        "SELECT count(*) FROM identity.recovery_code",
        "SELECT count(*) FROM identity.passkey",
        "SELECT count(*) FROM identity.entry_code",
        "SELECT count(*) FROM identity.half_sign_in",
        "SELECT count(*) FROM identity.counter_code WHERE used_at IS NULL AND revoked_at IS NULL",
    ] {
        assert_eq!(town.count(sql).await, 0, "{sql}");
    }
    let mut op = town.op(&admins[0]).await;
    let opened = town.identity.resume_account(&mut op, from.1, "mở lại thử xem").await;
    assert_eq!(code(opened), "identity.account_closed");
}

// shows: R032
#[tokio::test]
async fn representations_follow_on_either_side_and_nobody_acts_for_themself_or_twice() {
    let Pair {
        town,
        admins,
        from,
        into: remains,
    } = pair().await;
    let (child, _) = town.numbered("Lê Bé Na", "999192000040").await;
    let (other, _) = town.numbered("Võ Văn Tám", "999192000051").await;
    let rows = [
        ("child", child, from.0),
        ("child", child, remains.0),
        ("attorney", other, from.0),
        ("attorney", from.0, other),
        ("attorney", from.0, remains.0),
    ];
    for (kind, represented, representative) in rows {
        // Written as the approval of a registration writes them.
        sqlx::query(
            "WITH asked AS (
                 INSERT INTO identity.registration (
                     id, kind, sealed, number_tag, nationality, receipt_sha256, asked_by, standing, agency, network, state, asked_at,
                     expires_at, decided_at, decided_by, person)
                 SELECT gen_random_uuid(), 'child', '\\x00', '\\x00', 'VN', sha256(gen_random_uuid()::text::bytea), $4, 'parent', agency.id, '',
                        'approved', now(), now(), now(), $4, $2
                 FROM identity.agency LIMIT 1
                 RETURNING id)
             INSERT INTO identity.representation (
                 id, kind, represented, representative, valid_from, valid_to, registration, given_by, given_at)
             SELECT gen_random_uuid(), $1, $2, $3, '2024-01-01', '2099-01-01', CASE WHEN $1 <> 'attorney' THEN id END, $4, now()
             FROM asked",
        )
        .bind(kind)
        .bind(represented.uuid())
        .bind(representative.uuid())
        .bind(from.1.uuid())
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    }
    town.join(&admins, from.1, NEW).await;
    let open: Vec<(String, Uuid, Uuid)> = sqlx::query_as(
        "SELECT kind, represented, representative FROM identity.representation WHERE ended_at IS NULL ORDER BY kind, represented = $1",
    )
    .bind(remains.0.uuid())
    .fetch_all(&town.scratch.pool)
    .await
    .unwrap();
    let expected = [
        ("attorney", other, remains.0),
        ("attorney", remains.0, other),
        ("child", child, remains.0),
    ];
    let expected = expected.map(|(kind, one, two)| (kind.to_owned(), one.uuid(), two.uuid()));
    assert_eq!(open, expected);
    let asked = "SELECT count(*) FROM identity.registration WHERE asked_by = (SELECT id FROM identity.account WHERE state = 'closed')";
    assert_eq!(town.count(asked).await, 0);
}

#[tokio::test]
async fn whoever_hands_in_at_that_moment_is_done_first_and_afterwards_comes_in_anew() {
    let Pair { town, admins, from, .. } = pair().await;
    let owner = town.enter(OLD).await.actor;
    let id = town.propose_merge(&admins[0], from.1, &into(NEW)).await.unwrap();
    town.advance(DAYS);
    let mut handing_in = town.op(&owner).await;
    town.identity.check_stands(&mut handing_in).await.unwrap();
    let mut op = town.op(&admins[1]).await;
    let mut confirming = Box::pin(town.identity.confirm_merge(&mut op, id));
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted";
    loop {
        tokio::select! {
            done = &mut confirming => panic!("{done:?}"),
            count = town.count(waiting) => if count > 0 { break },
        }
    }
    handing_in.commit().await.unwrap();
    confirming.await.unwrap();
    op.commit().await.unwrap();
    let mut late = town.op(&owner).await;
    assert_eq!(
        code(town.identity.check_stands(&mut late).await),
        "identity.sign_in_again"
    );
}

#[tokio::test]
async fn what_is_not_committed_has_not_happened() {
    let Pair { town, admins, from, .. } = pair().await;
    let before = town.enter(OLD).await;
    let id = town.propose_merge(&admins[0], from.1, &into(NEW)).await.unwrap();
    town.advance(DAYS);
    let mut op = town.op(&admins[1]).await;
    town.identity.confirm_merge(&mut op, id).await.unwrap();
    drop(op);
    assert!(town.actor(&before.token).await.is_some());
    assert_eq!(town.leads_to(from.0).await, None);
    town.agree(&admins[1], id).await.unwrap();
}

#[tokio::test]
async fn what_is_said_of_a_merge_is_sealed_and_comes_under_the_new_key() {
    let Pair { town, admins, from, .. } = pair().await;
    let id = town.propose_merge(&admins[0], from.1, &into(NEW)).await.unwrap();
    let sealed: Vec<u8> = sqlx::query_scalar("SELECT sealed FROM identity.merge")
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
    assert!(!String::from_utf8_lossy(&sealed).contains("Giấy"));
    town.advance(Duration::minutes(1));
    let new = {
        use kernel::Clock;
        town.vault().add_key(town.scratch.clock.now()).unwrap()
    };
    town.identity.reseal(&town.scratch.ops).await.unwrap();
    let mut op = town.loader().await;
    let uses = town.identity.keys_in_use(&mut op).await.unwrap();
    let of_merges: Vec<u32> = uses
        .iter()
        .filter(|one| one.purpose == "identity.merge")
        .map(|one| one.key)
        .collect();
    assert_eq!(of_merges, [new]);
    let mut op = town.op(&admins[0]).await;
    assert_eq!(town.identity.merge(&mut op, id).await.unwrap().0.paper, PAPER);
}

// shows: R030
#[tokio::test]
async fn either_owner_stops_it_by_objecting() {
    let Pair { town, admins, from, .. } = pair().await;
    for (login, other) in [(OLD, "028"), (NEW, "017")] {
        let id = town.propose_merge(&admins[0], from.1, &into(NEW)).await.unwrap();
        let owner = town.enter(login).await.actor;
        let own = town.own_merges(&owner).await;
        let [own] = &own[..] else { panic!("{own:?}") };
        assert_eq!(own.other, other, "how the number of the other one ends, and no more");
        assert_eq!(own.confirmable_from - own.proposed_at, DAYS);
        assert_eq!(code(town.object(&owner, Some(id), " ").await), "identity.required");
        assert_eq!(
            code(town.object(&owner, Some(Uuid::now_v7()), "tôi không nhờ ai gộp").await),
            "identity.merge_not_found"
        );
        town.object(&owner, None, "tôi không nhờ ai gộp").await.unwrap();
        assert_eq!(code(town.agree(&admins[1], id).await), "identity.merge_decided");
        assert!(town.own_merges(&owner).await.is_empty());
        let again = town.object(&owner, None, "tôi không nhờ ai gộp").await;
        assert_eq!(code(again), "identity.merge_not_found");
    }
    let id = town.propose_merge(&admins[0], from.1, &into(NEW)).await.unwrap();
    town.numbered("Người Lạ Mặt", "999192000040").await;
    for stranger in [town.enter("999192000040").await.actor, admins[1].clone()] {
        for which in [None, Some(id)] {
            let refused = town.object(&stranger, which, "tôi không thích").await;
            assert_eq!(code(refused), "identity.merge_not_found");
        }
    }
    town.advance(DAYS);
    town.agree(&admins[1], id).await.unwrap();
}

// shows: R030
#[tokio::test]
async fn the_owners_have_three_days_before_anybody_confirms() {
    let Pair { town, admins, from, .. } = pair().await;
    let id = town.propose_merge(&admins[0], from.1, &into(NEW)).await.unwrap();
    town.advance(Duration::seconds(1));
    let fault = town.agree(&admins[1], id).await.unwrap_err();
    assert_eq!(fault.code, "identity.merge_waits");
    let mut op = town.op(&admins[1]).await;
    let (row, preview) = town.identity.merge(&mut op, id).await.unwrap();
    assert!(preview.unwrap().is_ok(), "the second official may look meanwhile");
    let from_when = town.identity.confirmable_from(&row);
    op.commit().await.unwrap();
    assert_eq!(from_when, row.proposed_at + DAYS);
    let day = kernel::local(from_when).format("%H:%M %d/%m/%Y").to_string();
    assert_eq!(fault.params["from"], day);
    town.advance(DAYS - Duration::seconds(2));
    assert_eq!(code(town.agree(&admins[1], id).await), "identity.merge_waits");
    assert_eq!(town.leads_to(from.0).await, None);
    // To the last moment, and as long as nobody has confirmed.
    town.advance(Duration::days(2));
    let owner = town.enter(OLD).await.actor;
    town.object(&owner, Some(id), "tôi không nhờ ai gộp").await.unwrap();
    assert_eq!(code(town.agree(&admins[1], id).await), "identity.merge_decided");
    // It can be stopped at once, and taken back.
    let id = town.propose_merge(&admins[0], from.1, &into(NEW)).await.unwrap();
    town.disagree(&admins[0], id, "nhầm người").await.unwrap();
}

#[tokio::test]
async fn an_account_of_which_nobody_was_told_is_not_joined() {
    let (town, admins) = town_of_admins().await;
    let (old, account) = town.numbered(NAME, OLD).await;
    let remains = town.register(&numbered(NAME, NEW)).await;
    let id = town.propose_merge(&admins[0], account, &into(NEW)).await.unwrap();
    // Whoever remains opens an account of their own meanwhile.
    town.account(remains, NEW).await;
    town.advance(DAYS);
    assert_eq!(code(town.agree(&admins[1], id).await), "identity.merge_stale");
    let mut op = town.op(&admins[1]).await;
    let (_, preview) = town.identity.merge(&mut op, id).await.unwrap();
    assert_eq!(code(preview.unwrap()), "identity.merge_stale");
    op.commit().await.unwrap();
    assert_eq!(town.leads_to(old).await, None);
    town.disagree(&admins[0], id, "có tài khoản mới").await.unwrap();
    town.join(&admins, account, NEW).await;
    assert_eq!(town.leads_to(old).await, Some(remains.uuid()));
}

// shows: R030, R037
#[tokio::test]
async fn a_role_that_was_taken_back_is_not_shed_by_becoming_another() {
    let Pair {
        town,
        admins,
        from,
        into: remains,
    } = pair().await;
    let agency = town.agency("H30.29.01", "UBND phường Ngã Bảy").await;
    let [shed, same] = [
        town.position(agency, "mot-thoi", &["clerk"]).await,
        town.position(agency, "hai-noi", &["clerk"]).await,
    ];
    let until = Validity {
        from: day("2020-01-01"),
        to: Some(town.today()),
    };
    for (person, position) in [(from.0, shed), (from.0, same), (remains.0, same)] {
        town.hold(person, position, until).await;
        let mut op = town.op(&admins[0]).await;
        let taken = town
            .identity
            .withhold_role(&mut op, (person, position), "clerk", "làm lộ hồ sơ")
            .await;
        assert!(taken.unwrap());
        op.commit().await.unwrap();
    }
    town.advance(Duration::days(1));
    let op = town.op(&admins[0]).await;
    let preview = town.identity.merge_preview(op, from.1, NEW).await.unwrap();
    assert!(
        preview
            .counts
            .iter()
            .any(|one| one.what == "withheld" && one.count == 2)
    );
    town.join(&admins, from.1, NEW).await;
    let open: i64 =
        sqlx::query_scalar("SELECT count(*) FROM identity.withheld_role WHERE person = $1 AND returned_at IS NULL")
            .bind(remains.0.uuid())
            .fetch_one(&town.scratch.pool)
            .await
            .unwrap();
    assert_eq!(open, 2, "each once");
    // The office is given to whoever remains, by either number: the role stays withheld until it is given back.
    town.hold(from.0, shed, Validity::since(town.today())).await;
    let held = town.enter(NEW).await.actor;
    assert!(
        held.official()
            .is_none_or(|official| !official.roles.contains(&"clerk".to_owned()))
    );
}

// shows: R032
#[tokio::test]
async fn nobody_joins_the_accounts_of_those_to_whom_they_are_bound() {
    let Pair {
        town,
        admins,
        from,
        into: remains,
    } = pair().await;
    let own = admins[0].person().unwrap();
    let today = town.today();
    let (past, later) = (today - Duration::days(2), today + Duration::days(400));
    let days = |from: chrono::NaiveDate, to: chrono::NaiveDate| (from.to_string(), to.to_string());
    let (now, not_yet) = (days(past, later), days(later, later + Duration::days(9)));
    for (kind, represented, representative, (since, until)) in [
        ("child", from.0, own, &now),
        ("attorney", own, from.0, &now),
        ("attorney", remains.0, own, &now),
        ("attorney", own, remains.0, &not_yet),
    ] {
        let before = town.propose_merge(&admins[1], from.1, &into(NEW)).await.unwrap();
        town.advance(DAYS);
        town.represents(kind, represented, representative, (since.as_str(), until.as_str()))
            .await;
        assert_eq!(
            code(town.agree(&admins[0], before).await),
            "identity.not_allowed",
            "{kind}"
        );
        assert_eq!(
            code(town.disagree(&admins[0], before, "không đúng").await),
            "identity.not_allowed",
            "{kind}"
        );
        town.disagree(&admins[1], before, "lập lại").await.unwrap();
        let proposed = town.propose_merge(&admins[0], from.1, &into(NEW)).await;
        assert_eq!(code(proposed), "identity.not_allowed", "{kind}");
        let op = town.op(&admins[0]).await;
        let seen = town.identity.merge_preview(op, from.1, NEW).await;
        assert_eq!(code(seen), "identity.not_allowed", "{kind}");
        let mut op = town.op(&admins[0]).await;
        assert_eq!(code(town.identity.merge(&mut op, before).await), "identity.not_allowed");
        drop(op);
        sqlx::query("UPDATE identity.representation SET ended_at = now(), ended_by = given_by WHERE ended_at IS NULL")
            .execute(&town.scratch.pool)
            .await
            .unwrap();
    }
    // What is over binds nobody.
    let over = days(past - Duration::days(9), past);
    town.represents("attorney", own, from.0, (&over.0, &over.1)).await;
    town.join(&admins, from.1, NEW).await;
}

// shows: R030
#[tokio::test]
async fn an_owner_sees_every_proposal_that_waits_and_objects_to_one_or_to_all() {
    let Pair {
        town,
        admins,
        from,
        into: remains,
    } = pair().await;
    let (_, third) = town.numbered(NAME, "999192000040").await;
    let old = town.propose_merge(&admins[0], remains.1, &into(OLD)).await.unwrap();
    town.advance(Duration::days(15));
    // Nobody has swept the first one away; it is in nobody's way.
    let owner = town.enter(NEW).await.actor;
    assert!(town.own_merges(&owner).await.is_empty());
    assert_eq!(
        code(town.object(&owner, Some(old), "không phải").await),
        "identity.merge_not_found"
    );
    let again = town.propose_merge(&admins[0], remains.1, &into(OLD)).await.unwrap();
    assert_ne!(again, old);
    let mut op = town.op(&admins[0]).await;
    let (row, _) = town.identity.merge(&mut op, old).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(row.state, MergeState::Expired);

    let one = town.propose_merge(&admins[0], from.1, &into(NEW)).await.unwrap();
    let two = town.propose_merge(&admins[0], third, &into(NEW)).await.unwrap();
    let seen = town.own_merges(&owner).await;
    let mut ids: Vec<Uuid> = seen.iter().map(|own| own.id).collect();
    ids.sort_unstable();
    let mut expected = [again, one, two];
    expected.sort_unstable();
    assert_eq!(ids, expected);
    let mut tails: Vec<&str> = seen.iter().map(|own| own.other.as_str()).collect();
    tails.sort_unstable();
    assert_eq!(tails, ["017", "017", "040"]);
    town.object(&owner, Some(two), "tôi không biết số này").await.unwrap();
    assert_eq!(town.own_merges(&owner).await.len(), 2);
    town.object(&owner, None, "tôi không nhờ ai gộp").await.unwrap();
    town.advance(DAYS);
    for id in [again, one, two] {
        assert_eq!(code(town.agree(&admins[1], id).await), "identity.merge_decided");
    }
    // Whoever proposes anew, and whoever confirms, reads what the owners have said.
    let id = town.propose_merge(&admins[0], from.1, &into(NEW)).await.unwrap();
    let mut op = town.op(&admins[1]).await;
    let (_, preview) = town.identity.merge(&mut op, id).await.unwrap();
    let said = preview.unwrap().unwrap().objections;
    let mut reasons: Vec<&str> = said.iter().map(|one| one.reason.as_str()).collect();
    reasons.sort_unstable();
    assert_eq!(
        reasons,
        ["tôi không biết số này", "tôi không nhờ ai gộp", "tôi không nhờ ai gộp"]
    );
}

#[tokio::test]
async fn whoever_objects_while_another_confirms_is_first_or_late_and_never_both() {
    let Pair { town, admins, from, .. } = pair().await;
    let id = town.propose_merge(&admins[0], from.1, &into(NEW)).await.unwrap();
    town.advance(DAYS);
    let owner = town.enter(NEW).await.actor;
    let (agreed, objected) = tokio::join!(
        town.agree(&admins[1], id),
        town.object(&owner, None, "tôi không nhờ ai gộp")
    );
    let mut op = town.op(&admins[0]).await;
    let (row, _) = town.identity.merge(&mut op, id).await.unwrap();
    let merged = town.leads_to(from.0).await.is_some();
    match (code(agreed), code(objected)) {
        ("it worked", "identity.merge_not_found") => assert!(merged && row.state == MergeState::Done),
        ("identity.merge_decided", "it worked") => assert!(!merged && row.state == MergeState::Refused),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_somebody_proposed_who_may_no_more_is_not_confirmed() {
    let Pair { town, admins, from, .. } = pair().await;
    let id = town.propose_merge(&admins[0], from.1, &into(NEW)).await.unwrap();
    town.advance(DAYS);
    let account = admins[0].account().unwrap();
    let mut op = town.op(&admins[1]).await;
    town.identity
        .suspend_account(&mut op, account, "nghi bị chiếm")
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert_eq!(code(town.agree(&admins[1], id).await), "identity.merge_proposer");
    let mut op = town.op(&admins[1]).await;
    town.identity
        .resume_account(&mut op, account, "đã kiểm tra")
        .await
        .unwrap();
    op.commit().await.unwrap();
    let holding = "UPDATE identity.holding SET valid_to = $2 WHERE person = $1";
    let ends = async |to: Option<chrono::NaiveDate>| {
        sqlx::query(holding)
            .bind(admins[0].person().unwrap().uuid())
            .bind(to)
            .execute(&town.scratch.pool)
            .await
            .unwrap();
    };
    ends(Some(town.today() - Duration::days(1))).await;
    assert_eq!(code(town.agree(&admins[1], id).await), "identity.merge_proposer");
    ends(None).await;
    town.agree(&admins[1], id).await.unwrap();
}

// shows: R030
#[tokio::test]
async fn a_number_of_before_is_still_a_number_of_whoever_remains() {
    let Pair {
        town,
        admins,
        from,
        into: remains,
    } = pair().await;
    let is_number_of = async |person: PersonId, number: &str| {
        let mut op = town.loader().await;
        town.identity.is_number_of(&mut op, person, number).await.unwrap()
    };
    assert!(!is_number_of(remains.0, OLD).await);
    town.join(&admins, from.1, NEW).await;
    assert!(is_number_of(remains.0, OLD).await && is_number_of(remains.0, " 999 192 000 028").await);
    assert!(!is_number_of(remains.0, "999192000040").await && !is_number_of(remains.0, " ").await);
    let stranger = town.person("Người khác").await;
    assert!(!is_number_of(stranger, OLD).await);
}

#[tokio::test]
async fn a_hash_that_lies_beside_another_number_leads_to_nobody() {
    let Pair {
        town,
        admins,
        from,
        into: remains,
    } = pair().await;
    // Whoever can write to the database, but has no key, lets a number lead to somebody else.
    let (third, _) = town.numbered("Kẻ Mạo Danh", "999192000040").await;
    let tag: Vec<u8> = sqlx::query_scalar("SELECT number_tag FROM identity.person WHERE id = $1")
        .bind(remains.0.uuid())
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
    for (person, tag) in [(remains.0, None), (third, Some(tag))] {
        sqlx::query("UPDATE identity.person SET number_tag = $2 WHERE id = $1")
            .bind(person.uuid())
            .bind(tag)
            .execute(&town.scratch.pool)
            .await
            .unwrap();
    }
    let proposed = town.propose_merge(&admins[0], from.1, &into(NEW)).await;
    assert_eq!(code(proposed), "identity.merge_number");
}

#[tokio::test]
async fn whoever_looks_leaves_a_trace_and_guesses_at_numbers_are_counted() {
    let Pair {
        town,
        admins,
        from,
        into: remains,
    } = pair().await;
    let look = async |number: &str| {
        let op = town.op(&admins[0]).await;
        code(town.identity.merge_preview(op, from.1, number).await)
    };
    // Somebody who cannot be joined was looked at all the same.
    let agency = town.agency("H30.29.01", "UBND phường Ngã Bảy").await;
    let position = town.position(agency, "mot-cua", &["clerk"]).await;
    let (holder, _) = town.numbered("Phạm Văn Mai", "999192000040").await;
    town.hold(holder, position, Validity::since(day("2024-01-01"))).await;
    assert_eq!(look("999192000040").await, "identity.merge_official");
    assert_eq!(look(NEW).await, "it worked");
    for (person, times) in [(from.0, 2), (remains.0, 1), (holder, 1)] {
        let seen: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM op.audit_entry WHERE action = 'identity.account_read' AND person = $1",
        )
        .bind(person.uuid())
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
        assert_eq!(seen, times);
    }
    for _ in 0..10 {
        assert_eq!(look("999192000051").await, "identity.merge_number");
    }
    let missed = "SELECT count(*) FROM op.audit_entry WHERE action = 'identity.merge_missed'";
    assert_eq!(town.count(missed).await, 10);
    for number in ["999192000051", NEW] {
        assert_eq!(look(number).await, "identity.too_many_attempts");
        let proposed = town.propose_merge(&admins[0], from.1, &into(number)).await;
        assert_eq!(code(proposed), "identity.too_many_attempts");
    }
    // Others are not kept from their work, and nobody for long.
    town.propose_merge(&admins[1], from.1, &into(NEW)).await.unwrap();
    town.advance(Duration::minutes(16));
    assert_eq!(look(NEW).await, "it worked");
    let trail = town.trail().await;
    assert!(trail.iter().all(|(.., rest)| !rest.contains("999192000051")));
}

// shows: R032
#[tokio::test]
async fn a_representation_that_was_given_at_that_moment_follows_later() {
    let Pair {
        town,
        admins,
        from,
        into: remains,
    } = pair().await;
    let (other, _) = town.numbered("Võ Văn Tám", "999192000051").await;
    town.join(&admins, from.1, NEW).await;
    let (since, until) = (
        town.today().to_string(),
        (town.today() + Duration::days(90)).to_string(),
    );
    town.represents("attorney", other, from.0, (&since, &until)).await;
    town.represents("attorney", remains.0, from.0, (&since, &until)).await;
    town.advance(Duration::minutes(16));
    town.work().await;
    let open: Vec<(Uuid, Uuid)> =
        sqlx::query_as("SELECT represented, representative FROM identity.representation WHERE ended_at IS NULL")
            .fetch_all(&town.scratch.pool)
            .await
            .unwrap();
    assert_eq!(open, [(other.uuid(), remains.0.uuid())], "and nobody acts for themself");
}
