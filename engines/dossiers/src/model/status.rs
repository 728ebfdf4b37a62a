//! The ten statuses of the exchange with the National Portal, which of them may follow which, and what people are told.

use kernel::{Fault, Result};
use serde::{Deserialize, Serialize};

/// The status of a dossier (trạng thái hồ sơ). In SQL and in JSON it is the number of the norm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i16", into = "i16")]
#[repr(i16)]
pub enum Status {
    /// Mới đăng ký.
    Registered = 1,
    /// Được tiếp nhận.
    Received = 2,
    /// Không được tiếp nhận.
    NotReceived = 3,
    /// Đang xử lý.
    Processing = 4,
    /// Yêu cầu bổ sung giấy tờ.
    Supplement = 5,
    /// Yêu cầu thực hiện nghĩa vụ tài chính.
    Payment = 6,
    /// Công dân yêu cầu rút hồ sơ.
    Withdrawn = 7,
    /// Dừng xử lý.
    Stopped = 8,
    /// Đã xử lý xong.
    Finished = 9,
    /// Đã trả kết quả.
    Returned = 10,
}

/// What people are told: plain words for ten statuses (text key `status.plain.<word>`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlainStatus {
    /// Đã nộp.
    Submitted,
    /// Đã tiếp nhận.
    Received,
    /// Đang xử lý.
    Processing,
    /// Chờ bổ sung.
    Supplement,
    /// Chờ thanh toán.
    Payment,
    /// Đã có kết quả.
    Done,
    /// Từ chối.
    Refused,
    /// Đã rút.
    Withdrawn,
}

impl Status {
    /// All ten, in the order of their numbers.
    pub const ALL: [Status; 10] = [
        Status::Registered,
        Status::Received,
        Status::NotReceived,
        Status::Processing,
        Status::Supplement,
        Status::Payment,
        Status::Withdrawn,
        Status::Stopped,
        Status::Finished,
        Status::Returned,
    ];

    /// The number of the norm, 1 to 10.
    pub const fn number(self) -> i16 {
        self as i16
    }

    /// The statuses that may follow this one.
    pub const fn next(self) -> &'static [Status] {
        use Status::*;
        match self {
            Registered => &[Received, NotReceived, Supplement, Withdrawn],
            Received => &[Processing, Supplement, Payment, Withdrawn, Stopped],
            Processing => &[Supplement, Payment, Withdrawn, Stopped, Finished],
            Supplement => &[Received, Processing, Withdrawn, Stopped],
            Payment => &[Processing, Withdrawn, Stopped],
            Stopped | Finished => &[Returned],
            NotReceived | Withdrawn | Returned => &[],
        }
    }

    /// The next status, if it is lawful. Fails with `dossiers.unlawful_status`.
    pub fn to(self, next: Status) -> Result<Status> {
        if self.next().contains(&next) {
            Ok(next)
        } else {
            Err(Fault::conflict("dossiers.unlawful_status")
                .with("from", self.number())
                .with("to", next.number()))
        }
    }

    /// Whether officials still work on the case, or wait for the applicant.
    pub const fn is_open(self) -> bool {
        use Status::*;
        matches!(self, Registered | Received | Processing | Supplement | Payment)
    }

    /// What people are told.
    pub const fn plain(self) -> PlainStatus {
        match self {
            Status::Registered => PlainStatus::Submitted,
            Status::Received => PlainStatus::Received,
            Status::Processing => PlainStatus::Processing,
            Status::Supplement => PlainStatus::Supplement,
            Status::Payment => PlainStatus::Payment,
            Status::Finished | Status::Returned => PlainStatus::Done,
            Status::NotReceived | Status::Stopped => PlainStatus::Refused,
            Status::Withdrawn => PlainStatus::Withdrawn,
        }
    }
}

impl From<Status> for i16 {
    fn from(status: Status) -> i16 {
        status.number()
    }
}

impl TryFrom<i16> for Status {
    type Error = Fault;

    fn try_from(number: i16) -> Result<Self> {
        Status::ALL
            .into_iter()
            .find(|status| status.number() == number)
            .ok_or_else(|| Fault::internal("dossiers.broken_row").with("status", number))
    }
}

impl schemars::JsonSchema for Status {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DossierStatus".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 1, "maximum": 10 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of the norm's design (VN_STANDARDS §2.2), written once more by hand.
    const LAWFUL: [(i16, &[i16]); 10] = [
        (1, &[2, 3, 5, 7]),
        (2, &[4, 5, 6, 7, 8]),
        (3, &[]),
        (4, &[5, 6, 7, 8, 9]),
        (5, &[2, 4, 7, 8]),
        (6, &[4, 7, 8]),
        (7, &[]),
        (8, &[10]),
        (9, &[10]),
        (10, &[]),
    ];

    #[test]
    fn every_pair_of_statuses_is_lawful_or_not_as_the_table_says() {
        for (from, lawful) in LAWFUL {
            let from = Status::try_from(from).unwrap();
            for to in Status::ALL {
                assert_eq!(from.to(to).is_ok(), lawful.contains(&to.number()), "{from:?} to {to:?}");
            }
        }
    }

    #[test]
    fn an_unlawful_status_says_from_where_to_where() {
        let fault = Status::Returned.to(Status::Processing).unwrap_err();
        assert_eq!((fault.code, fault.kind.status()), ("dossiers.unlawful_status", 409));
        assert_eq!(
            (fault.params["from"].as_str(), fault.params["to"].as_str()),
            ("10", "4")
        );
    }

    #[test]
    fn numbers_round_trip_and_open_statuses_have_a_way_on() {
        for status in Status::ALL {
            assert_eq!(Status::try_from(status.number()).unwrap(), status);
            assert_eq!(
                status.is_open(),
                status.next().contains(&Status::Withdrawn),
                "{status:?}"
            );
        }
        assert!(Status::try_from(11).is_err());
    }
}
