//! The keys of the vault are changed while people sign in.

use chrono::Duration;
use identity::Identity;
use kernel::{Actor, Clock};
use vault::{Kept, KeyUse, Resealed, Vault};

use crate::second_factor::Owner;
use crate::town::{Town, cheap, engine};

impl Town {
    /// What the command opens, beside the program that serves.
    pub fn vault(&self) -> Vault {
        Vault::open(&self.scratch.directory().join("keys"), self.scratch.clock.now()).unwrap()
    }

    /// Some people with authenticators.
    async fn owners(&self, count: usize) -> Vec<(String, Owner)> {
        let mut owners = Vec::new();
        for n in 0..count {
            let login = format!("nguoi.{n}");
            self.citizen(&format!("Lê Thị Sen {n}"), &login).await;
            owners.push((login.clone(), self.set_up(&self.identity, &login).await));
        }
        owners
    }

    async fn uses(&self) -> Vec<KeyUse> {
        let mut op = self.op(&Actor::System("test")).await;
        self.identity.keys_in_use(&mut op).await.unwrap()
    }

    async fn sealed_under(&self, key: u32) -> i64 {
        let under = |used: &&KeyUse| used.key == key && used.purpose == "identity.totp";
        self.uses().await.iter().find(under).map_or(0, |used| used.count)
    }

    /// Each signs in with the app that they have set up long ago.
    async fn all_sign_in(&self, owners: &[(String, Owner)]) {
        self.advance(Duration::minutes(1));
        for (login, owner) in owners {
            let half = self.half(login).await;
            self.finish(&half, &self.app(&owner.secret)).await.unwrap();
        }
    }
}

#[tokio::test]
async fn secrets_are_sealed_anew_while_a_program_serves_and_codes_keep_their_key() {
    let town = Town::new().await;
    let owners = town.owners(3).await;
    let [old] = town.vault().numbers().unwrap().try_into().unwrap();
    let (sealed, tags) = (town.sealed_under(old).await, 30);
    assert_eq!(sealed, 3);
    town.advance(Duration::minutes(1));
    let new = town.vault().add_key(town.scratch.clock.now()).unwrap();

    // One of them shows a secret for another telephone: the program that serves seals it with the new key at once.
    town.offered(&town.identity, &owners[0].1.signed).await;
    assert_eq!(town.sealed_under(new).await, 1);

    let command = engine(&town.scratch, cheap());
    let resealed = command.reseal(&town.scratch.ops).await.unwrap();
    assert_eq!(
        resealed,
        Resealed {
            done: 6,
            unreadable: 0,
            ..Resealed::default()
        },
        "and what is known of the three"
    );
    assert_eq!((town.sealed_under(old).await, town.sealed_under(new).await), (0, 4));
    let kept: Vec<_> = town.uses().await.into_iter().filter(|used| used.key == old).collect();
    assert_eq!(
        kept,
        [KeyUse {
            key: old,
            purpose: "identity.recovery_code",
            kept: Kept::Tag,
            count: tags
        }]
    );
    town.all_sign_in(&owners).await;
    let half = town.half("nguoi.0").await;
    town.finish(&half, &owners[0].1.recovery[0]).await.unwrap();
    let trail = town.trail().await;
    let written: Vec<_> = trail
        .iter()
        .filter(|line| line.0 == "identity.secrets_resealed")
        .collect();
    assert_eq!(written.len(), 1);
    assert_eq!(
        command.reseal(&town.scratch.ops).await.unwrap(),
        Resealed::default(),
        "nothing is left to do"
    );
}

/// Ended by force between two batches, and within one: what was committed stays, what was not is undone, and the next call goes on.
#[tokio::test]
async fn a_change_that_was_cut_short_is_finished_by_the_next_call() {
    let town = Town::new().await;
    let owners = town.owners(5).await;
    let [old] = town.vault().numbers().unwrap().try_into().unwrap();
    let new = town.vault().add_key(town.scratch.clock.now()).unwrap();
    let mut ended_within = 0;
    for patience in 1.. {
        let command: Identity = engine(&town.scratch, cheap());
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
            done.unwrap();
            break;
        }
        ended_within += 1;
        // In one look: what the call had sent before it was cut short may be written only now.
        let uses = town.uses().await;
        let sealed = uses.iter().filter(|used| used.purpose == "identity.totp");
        assert_eq!(sealed.map(|used| used.count).sum::<i64>(), 5);
    }
    assert!(ended_within > 0, "{ended_within}");
    assert_eq!((town.sealed_under(old).await, town.sealed_under(new).await), (0, 5));
    town.all_sign_in(&owners).await;
}

#[tokio::test]
async fn what_cannot_be_opened_stays_as_it_is_and_does_not_stop_the_others() {
    let town = Town::new().await;
    let owners = town.owners(3).await;
    sqlx::query(
        "UPDATE identity.totp SET secret = set_byte(secret, 20, 255 - get_byte(secret, 20)) WHERE account = $1",
    )
    .bind(owners[1].1.signed.actor.account().unwrap().uuid())
    .execute(&town.scratch.pool)
    .await
    .unwrap();
    let [old] = town.vault().numbers().unwrap().try_into().unwrap();
    town.vault().add_key(town.scratch.clock.now()).unwrap();
    let resealed = town.identity.reseal(&town.scratch.ops).await.unwrap();
    assert_eq!(
        resealed,
        Resealed {
            done: 5,
            unreadable: 1,
            ..Resealed::default()
        },
        "and what is known of the three"
    );
    assert_eq!(town.sealed_under(old).await, 1);
}

#[test]
fn only_commands_of_the_operator_change_keys() {
    assert!(matches!(
        identity::access::change_keys(&Actor::System("keys")),
        op::Decision::Allow
    ));
    assert!(!matches!(
        identity::access::change_keys(&Actor::Anonymous),
        op::Decision::Allow
    ));
}
