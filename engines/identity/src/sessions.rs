//! Sessions: who acts now, from which position, on which devices.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{AccountId, Actor, PositionId, Result, SessionId, local_date};
use op::{Entry, Event, Op, Permit};
use serde_json::json;
use sqlx::PgConnection;

use crate::emergency::with_emergency;
use crate::model::{Audience, Authentication, HeldPosition, SessionRow};
use crate::sign_in::{self, Source};
use crate::store::session::LivingRow;
use crate::{Identity, access, error, representation, store, token};

#[async_trait]
impl web::Identify for Identity {
    /// The living session of the token with the rights of this moment: account state and positions are read at every
    /// request, so what was taken away is gone with the next request.
    async fn session(&self, token: &str) -> Result<Option<web::SessionView>> {
        let Some(digest) = token::digest(token) else {
            return Ok(None);
        };
        let now = self.clock.now();
        let mut connection = self.pool.acquire().await.map_err(db::fault)?;
        let Some(row) = store::session::living(&mut connection, &digest).await? else {
            return Ok(None);
        };
        if !row.moments().alive(now) {
            return Ok(None);
        }
        let actor = self.present_actor(&mut connection, &row, Lent::Counts, now).await?;
        if row.moments().should_write(now) {
            store::session::touch(&mut connection, row.id(), now).await?;
        }
        Ok(Some(web::SessionView {
            id: row.id(),
            actor,
            shown_at: row.shown_at(),
        }))
    }

    async fn ended_session(&self, token: &str) -> Result<Option<SessionId>> {
        let Some(digest) = token::digest(token) else {
            return Ok(None);
        };
        let mut connection = self.pool.acquire().await.map_err(db::fault)?;
        store::session::by_token(&mut connection, &digest).await
    }
}

/// Whether somebody may stand in for a colleague here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lent {
    Counts,
    PassedOver,
}

impl Identity {
    /// Who the session acts as: the chosen position while it is held, else the first one held, else the person alone. From a
    /// position acts only who has shown what the rule about second factors asks for. A person alone acts for whom they have chosen, while that
    /// counts.
    pub(crate) async fn present_actor(
        &self,
        connection: &mut PgConnection,
        row: &LivingRow,
        lent: Lent,
        now: DateTime<Utc>,
    ) -> Result<Actor> {
        let today = local_date(now);
        let mut held = if row.acts_from_position() && self.acts_from_position(row.has_second_factor()) {
            store::office::held(connection, row.person(), today).await?
        } else {
            Vec::new()
        };
        let is_chosen = |own: &HeldPosition| Some(own.position) == row.position();
        if lent == Lent::Counts && row.position().is_some() && !held.iter().any(is_chosen) {
            held.extend(self.lent(connection, row.person(), &held, today).await?);
        }
        let chosen = held
            .iter()
            .find(|position| Some(position.position) == row.position())
            .or(held.first());
        let actor = sign_in::actor(row.account(), row.person(), row.full_name(), chosen);
        // Whoever may not take such a right any more has it no more either.
        let may = self.config.policy.rights_of(&actor).may("identity.take_emergency");
        let actor = with_emergency(actor, row.emergency(now).filter(|_| may));
        let actor = representation::acting(connection, &self.vault, actor, row.represents(), today).await?;
        self.with_reach(connection, actor, today).await
    }

    /// Who is signed in in this session, since when and how, for applications of others; `None` when it has ended. A position that a colleague
    /// has lent is none of theirs: they would keep its roles longer than it is lent, and could not tell the two apart.
    pub async fn authentication(
        &self,
        connection: &mut PgConnection,
        session: SessionId,
        now: DateTime<Utc>,
    ) -> Result<Option<Authentication>> {
        let Some(row) = store::session::living_by_id(connection, session).await? else {
            return Ok(None);
        };
        if !row.moments().alive(now) {
            return Ok(None);
        }
        let actor = self.present_actor(connection, &row, Lent::PassedOver, now).await?;
        Ok(Some(Authentication {
            session,
            account: row.account(),
            person: row.person(),
            actor,
            signed_in_at: row.shown_at(),
            two_factors: row.has_second_factor(),
            way: row.way()?,
            expires_at: row.moments().expires_at,
        }))
    }

    /// The session is in use, elsewhere than on our own pages: it does not become idle.
    pub async fn seen(&self, connection: &mut PgConnection, session: SessionId, now: DateTime<Utc>) -> Result<()> {
        store::session::touch(connection, session, now).await
    }

    /// Who an account is now, outside of any session; `None` when it is not active. It acts from this position if it is still held and the
    /// rule about second factors is met, else for itself.
    pub async fn standing(
        &self,
        connection: &mut PgConnection,
        account: AccountId,
        position: Option<PositionId>,
        two_factors: bool,
        now: DateTime<Utc>,
    ) -> Result<Option<Actor>> {
        let Some((person, name)) = store::session::owner(connection, account).await? else {
            return Ok(None);
        };
        let held = match position {
            Some(_) if self.acts_from_position(two_factors) => {
                store::office::held(connection, person, local_date(now)).await?
            }
            _ => Vec::new(),
        };
        let from = held.iter().find(|own| Some(own.position) == position);
        Ok(Some(sign_in::actor(account, person, &name, from)))
    }

    /// Ends a session of the actor. Its token is worthless from now on. Fails with `identity.session_not_found`.
    pub async fn sign_out(&self, op: &mut Op, session: SessionId) -> Result<()> {
        let row = self.own_session(op, session).await?;
        let now = op.now();
        store::session::end(op.conn(), session, "signed_out", now).await?;
        tell_ended(op, row.account(), &[session], "signed_out", false);
        op.record(
            Entry::new("identity.signed_out", format!("account:{}", row.account()))
                .detail(json!({ "session": session })),
        )
        .await
    }

    /// The living sessions of the actor, the newest first: "Thiết bị đang đăng nhập".
    pub async fn sessions_of(&self, op: &mut Op) -> Result<Vec<SessionRow>> {
        let Some(account) = op.actor().account() else {
            return Ok(Vec::new());
        };
        let now = op.now();
        store::session::of_account(op.conn(), account, now).await
    }

    /// Ends one session of the actor, of whatever device. Fails with `identity.session_not_found`.
    pub async fn end_session(&self, op: &mut Op, session: SessionId) -> Result<()> {
        let row = self.own_session(op, session).await?;
        let now = op.now();
        store::session::end(op.conn(), session, "ended_elsewhere", now).await?;
        tell_ended(op, row.account(), &[session], "ended_elsewhere", false);
        let facts = json!({ "ended": 1, "session": session });
        op.record(Entry::new("identity.sessions_ended", format!("account:{}", row.account())).detail(facts))
            .await
    }

    /// Ends all sessions of the actor but this one and returns how many there were.
    pub async fn end_other_sessions(&self, op: &mut Op, keep: SessionId) -> Result<usize> {
        let row = self.own_session(op, keep).await?;
        let subject = format!("account:{}", row.account());
        let permit = op
            .allow(
                "identity.end_sessions",
                &subject,
                access::use_sessions_of(op.actor(), row.account()),
            )
            .await?;
        let now = op.now();
        let ended =
            store::session::end_all(op.conn(), &permit, row.account(), Some(keep), "ended_elsewhere", now).await?;
        store::second_factor::forget_waiting(op.conn(), row.account()).await?;
        tell_ended(op, row.account(), &ended, "ended_elsewhere", false);
        let facts = json!({ "ended": ended.len(), "kept": keep });
        op.record(Entry::new("identity.sessions_ended", subject).detail(facts))
            .await?;
        Ok(ended.len())
    }

    /// Chooses the position that the session acts from; `None`: for oneself, as a citizen. Returns the actor as it is
    /// from the next request on. Fails with `identity.position_not_held`, and with `identity.sign_in_again` in a session
    /// that was opened before its owner became an official, because it lives longer than an official's may, and with
    /// `identity.second_factor_required` where the rule asks for one.
    pub async fn choose_position(
        &self,
        op: &mut Op,
        session: SessionId,
        position: Option<PositionId>,
    ) -> Result<Actor> {
        let row = self.own_session(op, session).await?;
        if let Some(position) = position {
            if row.audience() != Some(Audience::Official) {
                return Err(error::sign_in_again());
            }
            if !self.acts_from_position(row.has_second_factor()) {
                return Err(error::second_factor_required());
            }
            let today = local_date(op.now());
            let mut held = store::office::held(op.conn(), row.person(), today).await?;
            held.extend(self.lent(op.conn(), row.person(), &held, today).await?);
            if !held.iter().any(|own| own.position == position) {
                return Err(error::position_not_held());
            }
        }
        store::session::choose(op.conn(), session, position).await?;
        let subject = format!("account:{}", row.account());
        op.record(
            Entry::new("identity.position_chosen", subject).detail(json!({ "session": session, "position": position })),
        )
        .await?;
        let row = store::session::living_by_id(op.conn(), session)
            .await?
            .ok_or_else(error::session_not_found)?;
        let now = op.now();
        self.present_actor(op.conn(), &row, Lent::Counts, now).await
    }

    /// Whoever came in with what held before comes in again: sessions end, sign-ins, offers and entry codes that wait are forgotten, and all other browsers
    /// are strangers. The session in which the owner did it stays open under another token, which is given: a copy of the old one
    /// is worth nothing.
    pub(crate) async fn start_anew(
        &self,
        op: &mut Op,
        permit: &Permit,
        account: AccountId,
        here: Option<(SessionId, Source<'_>)>,
        reason: &'static str,
    ) -> Result<Option<String>> {
        let now = op.now();
        let keep = here.map(|(session, _)| session);
        let ended = store::session::end_all(op.conn(), permit, account, keep, reason, now).await?;
        tell_ended(op, account, &ended, reason, true);
        store::second_factor::forget_waiting(op.conn(), account).await?;
        let device = here.and_then(|(_, source)| source.device).and_then(token::digest);
        store::session::forget_devices(op.conn(), permit, account, device.as_deref()).await?;
        // A code that waits is a way in too. It outlives one thing alone: the second factor that somebody else takes away, which is the other half of
        // letting an owner in who has lost both.
        if keep.is_some() || reason != "second_factor_changed" {
            store::desk::drop_code(op.conn(), permit, account).await?;
            let now = op.now();
            store::counter_code::revoke(op.conn(), permit, account, now).await?;
        }
        let Some(session) = keep else { return Ok(None) };
        let token = token::new()?;
        store::session::renew_token(op.conn(), session, &token::digest(&token).unwrap_or_default()).await?;
        Ok(Some(token))
    }

    /// The session, if it lives and belongs to the actor (or the platform asks).
    pub(crate) async fn own_session(&self, op: &mut Op, session: SessionId) -> Result<LivingRow> {
        let row = store::session::living_by_id(op.conn(), session)
            .await?
            .ok_or_else(error::session_not_found)?;
        let decision = access::use_sessions_of(op.actor(), row.account());
        op.allow("identity.use_session", &format!("session:{session}"), decision)
            .await?;
        if !row.moments().alive(op.now()) {
            return Err(error::session_not_found());
        }
        Ok(row)
    }
}

/// Sessions are over; whoever has given something in them takes it back. `anew`: whoever came in with what held before comes in again, so
/// what was given in the session that goes on is taken back too.
pub(crate) fn tell_ended(op: &mut Op, account: AccountId, sessions: &[SessionId], reason: &str, anew: bool) {
    if sessions.is_empty() && !anew {
        return;
    }
    let facts = json!({ "account": account, "sessions": sessions, "reason": reason, "anew": anew });
    op.emit(Event::new(
        "identity.sessions_ended",
        format!("account:{account}"),
        facts,
    ));
}
