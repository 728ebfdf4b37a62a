//! Parquet: columns by their kind, in groups of rows, packed with Snappy.

use std::{io::Write, sync::Arc};

use chrono::{DateTime, NaiveDate};
use kernel::Result;
use parquet::{
    basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical},
    column::writer::ColumnWriterImpl,
    data_type::{
        BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, Int32Type,
        Int64Type,
    },
    errors::ParquetError,
    file::{
        properties::WriterProperties,
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::types::Type,
};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde_json::Value;

use super::{Heading, Kind, is_geometry, wrong_kind};
use crate::{Cell, fault};

/// Rows of a group, or bytes of it, whichever is full first: what is held in memory.
const ROWS: usize = 20_000;
const BYTES: usize = 16 << 20;
/// Digits of a decimal in sixteen bytes.
const PRECISION: i32 = 38;

pub(super) struct Parquet<W: Write + Send> {
    /// The file, once the columns are known; before that only where it goes.
    file: State<W>,
    columns: Vec<Column>,
    rows: usize,
    bytes: usize,
}

enum State<W: Write + Send> {
    Waiting(W),
    Open(SerializedFileWriter<W>),
    Failed,
}

struct Column {
    name: String,
    kind: Kind,
    values: Values,
    /// One for each row: 1 where there is a value.
    there: Vec<i16>,
}

enum Values {
    Text(Vec<ByteArray>),
    Integer(Vec<i64>),
    Double(Vec<f64>),
    Decimal(Vec<FixedLenByteArray>),
    Boolean(Vec<bool>),
    Date(Vec<i32>),
}

/// One cell as its column takes it.
enum One {
    Text(Vec<u8>),
    Integer(i64),
    Double(f64),
    Decimal(i128),
    Boolean(bool),
    Date(i32),
}

impl<W: Write + Send> Parquet<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            file: State::Waiting(out),
            columns: Vec::new(),
            rows: 0,
            bytes: 0,
        }
    }

    pub(super) fn headings(&mut self, headings: &[Heading]) -> Result<()> {
        let fields = headings
            .iter()
            .map(|heading| field(heading).map(Arc::new))
            .collect::<Result<Vec<_>, _>>();
        let schema = fields
            .and_then(|fields| Type::group_type_builder("schema").with_fields(fields).build())
            .map_err(|error| fault::writer("columns that Parquet refuses").caused_by(error))?;
        let State::Waiting(out) = std::mem::replace(&mut self.file, State::Failed) else {
            return Err(fault::writer("headings come once"));
        };
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let file = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties)).map_err(fault::storage)?;
        self.file = State::Open(file);
        self.columns = headings.iter().map(Column::new).collect();
        Ok(())
    }

    pub(super) fn row(&mut self, cells: &[Cell]) -> Result<()> {
        // All or nothing: first every cell is looked at.
        let ones = self
            .columns
            .iter()
            .zip(cells)
            .map(|(column, cell)| column.take(cell))
            .collect::<Result<Vec<_>>>()?;
        for (column, one) in self.columns.iter_mut().zip(ones) {
            self.bytes += column.push(one);
        }
        self.rows += 1;
        if self.rows >= ROWS || self.bytes >= BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let State::Open(file) = &mut self.file else {
            return Err(fault::writer("an earlier write has failed"));
        };
        if let Err(error) = group(file, &mut self.columns) {
            self.file = State::Failed;
            return Err(fault::storage(error));
        }
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<W> {
        if self.rows > 0 {
            self.flush()?;
        }
        match self.file {
            State::Open(file) => file.into_inner().map_err(fault::storage),
            _ => Err(fault::writer("an earlier write has failed")),
        }
    }
}

/// The type of a column; every cell may be empty.
fn field(heading: &Heading) -> Result<Type, ParquetError> {
    let (physical, logical) = match heading.kind {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Json | Kind::Geometry => (Physical::BYTE_ARRAY, Some(LogicalType::Json)),
        Kind::Integer => (Physical::INT64, None),
        Kind::Number => (Physical::DOUBLE, None),
        Kind::Decimal { scale } => (
            Physical::FIXED_LEN_BYTE_ARRAY,
            Some(LogicalType::decimal(scale.into(), PRECISION)),
        ),
        Kind::Boolean => (Physical::BOOLEAN, None),
        Kind::Date => (Physical::INT32, Some(LogicalType::Date)),
        // Clock time without a zone.
        Kind::Moment => (Physical::INT64, Some(LogicalType::timestamp(false, TimeUnit::MICROS))),
    };
    let builder = Type::primitive_type_builder(&heading.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical);
    match heading.kind {
        Kind::Decimal { scale } => builder
            .with_length(16)
            .with_precision(PRECISION)
            .with_scale(scale.into())
            .build(),
        _ => builder.build(),
    }
}

impl Column {
    fn new(heading: &Heading) -> Self {
        let values = match heading.kind {
            Kind::Text | Kind::Json | Kind::Geometry => Values::Text(Vec::new()),
            Kind::Integer | Kind::Moment => Values::Integer(Vec::new()),
            Kind::Number => Values::Double(Vec::new()),
            Kind::Decimal { .. } => Values::Decimal(Vec::new()),
            Kind::Boolean => Values::Boolean(Vec::new()),
            Kind::Date => Values::Date(Vec::new()),
        };
        Self {
            name: heading.name.clone(),
            kind: heading.kind,
            values,
            there: Vec::new(),
        }
    }

    fn take(&self, cell: &Cell) -> Result<Option<One>> {
        if cell.is_empty() {
            return Ok(None);
        }
        let one = match (self.kind, cell) {
            (Kind::Text, cell) => Some(One::Text(cell.text().into_owned().into_bytes())),
            (Kind::Json, Cell::Json(value)) => Some(One::Text(value.to_string().into_bytes())),
            // Any value is JSON, a text too.
            (Kind::Json, Cell::Text(text)) => Some(One::Text(Value::from(text.as_str()).to_string().into_bytes())),
            (Kind::Json, Cell::Number(_) | Cell::Boolean(_)) => Some(One::Text(cell.text().into_owned().into_bytes())),
            (Kind::Geometry, cell) if is_geometry(cell) => Some(One::Text(cell.text().into_owned().into_bytes())),
            (Kind::Integer, Cell::Number(number)) if number.is_integer() => number.to_i64().map(One::Integer),
            (Kind::Number, Cell::Number(number)) => number.to_string().parse().ok().map(One::Double),
            (Kind::Decimal { scale }, Cell::Number(number)) => scaled(number, scale.into()).map(One::Decimal),
            (Kind::Boolean, Cell::Boolean(yes)) => Some(One::Boolean(*yes)),
            (Kind::Date, Cell::Date(date)) => days(*date).map(One::Date),
            (Kind::Moment, Cell::Moment(moment)) => Some(One::Integer(moment.and_utc().timestamp_micros())),
            _ => None,
        };
        one.map(Some).ok_or_else(|| wrong_kind(&self.name))
    }

    /// Keeps the value; says roughly how many bytes it takes.
    fn push(&mut self, one: Option<One>) -> usize {
        self.there.push(i16::from(one.is_some()));
        match (&mut self.values, one) {
            (Values::Text(values), Some(One::Text(text))) => {
                let length = text.len();
                values.push(text.into());
                return length + size_of::<ByteArray>();
            }
            (Values::Integer(values), Some(One::Integer(value))) => values.push(value),
            (Values::Double(values), Some(One::Double(value))) => values.push(value),
            (Values::Decimal(values), Some(One::Decimal(value))) => {
                values.push(value.to_be_bytes().to_vec().into());
                return 16 + size_of::<ByteArray>();
            }
            (Values::Boolean(values), Some(One::Boolean(value))) => values.push(value),
            (Values::Date(values), Some(One::Date(value))) => values.push(value),
            // `take` makes what the column holds.
            (_, Some(_)) => debug_assert!(false, "a value of another kind"),
            (_, None) => {}
        }
        size_of::<One>()
    }
}

/// Writes what the columns hold as one group of rows.
fn group<W: Write + Send>(file: &mut SerializedFileWriter<W>, columns: &mut [Column]) -> Result<(), ParquetError> {
    let mut group = file.next_row_group()?;
    for column in columns {
        let Some(mut writer) = group.next_column()? else { break };
        let there = std::mem::take(&mut column.there);
        match &mut column.values {
            Values::Text(values) => put::<ByteArrayType>(&mut writer, values, &there),
            Values::Integer(values) => put::<Int64Type>(&mut writer, values, &there),
            Values::Double(values) => put::<DoubleType>(&mut writer, values, &there),
            Values::Decimal(values) => put::<FixedLenByteArrayType>(&mut writer, values, &there),
            Values::Boolean(values) => put::<BoolType>(&mut writer, values, &there),
            Values::Date(values) => put::<Int32Type>(&mut writer, values, &there),
        }?;
        writer.close()?;
    }
    group.close()?;
    Ok(())
}

fn put<T: DataType>(
    writer: &mut SerializedColumnWriter<'_>,
    values: &mut Vec<T::T>,
    there: &[i16],
) -> Result<(), ParquetError> {
    let writer: &mut ColumnWriterImpl<'_, T> = writer.typed::<T>();
    writer.write_batch(values, Some(there), None)?;
    values.clear();
    Ok(())
}

/// The number as a whole one at this scale, if no digit is lost.
fn scaled(number: &Decimal, scale: u32) -> Option<i128> {
    let number = number.normalize();
    let missing = scale.checked_sub(number.scale())?;
    let value = number.mantissa().checked_mul(10_i128.checked_pow(missing)?)?;
    (value.unsigned_abs() < 10_u128.pow(PRECISION.unsigned_abs())).then_some(value)
}

fn days(date: NaiveDate) -> Option<i32> {
    let since = date.signed_duration_since(DateTime::UNIX_EPOCH.date_naive());
    i32::try_from(since.num_days()).ok()
}
