//! Identifiers: one UUIDv7 type, told apart at compile time by a noun.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::Fault;

/// The identifier of one thing of the kind `T`.
///
/// A UUID version 7: it grows with time, so that index pages fill in order, and it says
/// nothing about the person behind it. `Id<noun::Person>` and `Id<noun::Account>` do not mix.
/// In JSON and in addresses it is the hyphenated lower-case string.
pub struct Id<T> {
    uuid: Uuid,
    // `fn() -> T` keeps the identifier Send and Sync whatever the noun is.
    noun: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// A new identifier, made from the present time and random bits.
    #[allow(clippy::new_without_default)] // a default identifier would look equal and be different each time
    pub fn new() -> Self {
        Self::from_uuid(Uuid::now_v7())
    }

    /// Takes over a UUID that was stored before. Any version is accepted.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self {
            uuid,
            noun: PhantomData,
        }
    }

    /// The bare UUID, for a database column.
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uuid.cmp(&other.uuid)
    }
}

impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}

impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.fmt(f)
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = std::any::type_name::<T>();
        let noun = path.rsplit("::").next().unwrap_or(path);
        write!(f, "{noun}({})", self.uuid)
    }
}

impl<T> FromStr for Id<T> {
    type Err = Fault;

    /// Reads the string form. Fails with `kernel.id`.
    fn from_str(text: &str) -> Result<Self, Fault> {
        Uuid::parse_str(text.trim())
            .map(Self::from_uuid)
            .map_err(|error| Fault::invalid("kernel.id").caused_by(error))
    }
}

impl<T> From<Uuid> for Id<T> {
    fn from(uuid: Uuid) -> Self {
        Self::from_uuid(uuid)
    }
}

impl<T> From<Id<T>> for Uuid {
    fn from(id: Id<T>) -> Self {
        id.uuid
    }
}

impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.uuid)
    }
}

impl<'de, T> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

macro_rules! nouns {
    ($($(#[$doc:meta])* $noun:ident => $alias:ident),+ $(,)?) => {
        /// The nouns that an [`Id`] may point at. They have no values; they only tell identifiers apart.
        pub mod noun {
            $($(#[$doc])* pub enum $noun {})+
        }
        $(#[doc = concat!("The identifier of a [`noun::", stringify!($noun), "`].")]
          pub type $alias = Id<noun::$noun>;)+
    };
}

nouns! {
    /// A way to sign in (tài khoản).
    Account => AccountId,
    /// A human being (cá nhân).
    Person => PersonId,
    /// A legal body outside the administration: enterprise, association, household (tổ chức).
    Organisation => OrganisationId,
    /// A state agency (cơ quan).
    Agency => AgencyId,
    /// A division inside an agency (đơn vị, phòng, ban).
    Unit => UnitId,
    /// A seat in an agency that one official holds for a time (vị trí, chức vụ).
    Position => PositionId,
    /// A signed-in browser or device (phiên đăng nhập).
    Session => SessionId,
    /// A stored file (tệp tin).
    File => FileId,
    /// A form that a person has begun and not yet sent (bản nháp).
    Draft => DraftId,
    /// A running process (quy trình đang chạy).
    Instance => InstanceId,
    /// One piece of work that waits for an official (công việc).
    Task => TaskId,
    /// A request to the administration with its papers (hồ sơ).
    Dossier => DossierId,
    /// A component or a result of a dossier (giấy tờ).
    Paper => PaperId,
    /// A message to a person (thông báo).
    Message => MessageId,
    /// A piece of background work.
    Job => JobId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_json_round_trip() {
        let id = AccountId::new();
        assert_eq!(id.to_string().parse::<AccountId>().unwrap(), id);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, format!("\"{id}\""));
        assert_eq!(serde_json::from_str::<AccountId>(&json).unwrap(), id);
        assert_eq!(format!("{id:?}"), format!("Account({id})"));
    }

    #[test]
    fn new_identifiers_grow() {
        let ids: Vec<_> = (0..100).map(|_| DossierId::new()).collect();
        assert!(ids.is_sorted());
        assert_eq!(ids[0].uuid().get_version_num(), 7);
    }

    #[test]
    fn rejects_other_text() {
        let fault = "not-an-id".parse::<PersonId>().unwrap_err();
        assert_eq!(fault.code, "kernel.id");
        assert!(serde_json::from_str::<PersonId>("17").is_err());
    }
}
