//! The built-in functions: names, number of arguments, types.

/// What a function takes or gives, as far as the static check knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Any,
    Boolean,
    Number,
    Text,
    Date,
    DateTime,
    Duration,
    List,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Abs,
    All,
    Any,
    Append,
    Ceiling,
    Concatenate,
    Contains,
    Count,
    Date,
    DateAndTime,
    DistinctValues,
    Duration,
    EndsWith,
    Floor,
    IsDefined,
    ListContains,
    LowerCase,
    Max,
    Mean,
    Min,
    Modulo,
    Not,
    Now,
    Number,
    RoundHalfUp,
    StartsWith,
    String,
    StringLength,
    Substring,
    Sum,
    Today,
    UpperCase,
    YearsAndMonthsDuration,
}

struct Signature {
    function: Function,
    name: &'static str,
    least: usize,
    most: usize,
    /// The last one stands for all further arguments.
    takes: &'static [Sort],
    gives: Sort,
}

const MANY: usize = 1_000;

const fn row(
    function: Function,
    name: &'static str,
    least: usize,
    most: usize,
    takes: &'static [Sort],
    gives: Sort,
) -> Signature {
    Signature {
        function,
        name,
        least,
        most,
        takes,
        gives,
    }
}

const TABLE: [Signature; 33] = [
    row(Function::Abs, "abs", 1, 1, &[Sort::Any], Sort::Any),
    row(Function::All, "all", 1, MANY, &[Sort::Any], Sort::Boolean),
    row(Function::Any, "any", 1, MANY, &[Sort::Any], Sort::Boolean),
    row(
        Function::Append,
        "append",
        2,
        MANY,
        &[Sort::List, Sort::Any],
        Sort::List,
    ),
    row(Function::Ceiling, "ceiling", 1, 2, &[Sort::Number], Sort::Number),
    row(Function::Concatenate, "concatenate", 1, MANY, &[Sort::List], Sort::List),
    row(Function::Contains, "contains", 2, 2, &[Sort::Text], Sort::Boolean),
    row(Function::Count, "count", 1, 1, &[Sort::List], Sort::Number),
    row(Function::Date, "date", 1, 3, &[Sort::Any], Sort::Date),
    row(
        Function::DateAndTime,
        "date and time",
        1,
        1,
        &[Sort::Any],
        Sort::DateTime,
    ),
    row(
        Function::DistinctValues,
        "distinct values",
        1,
        1,
        &[Sort::List],
        Sort::List,
    ),
    row(Function::Duration, "duration", 1, 1, &[Sort::Text], Sort::Duration),
    row(Function::EndsWith, "ends with", 2, 2, &[Sort::Text], Sort::Boolean),
    row(Function::Floor, "floor", 1, 2, &[Sort::Number], Sort::Number),
    row(Function::IsDefined, "is defined", 1, 1, &[Sort::Any], Sort::Boolean),
    row(
        Function::ListContains,
        "list contains",
        2,
        2,
        &[Sort::List, Sort::Any],
        Sort::Boolean,
    ),
    row(Function::LowerCase, "lower case", 1, 1, &[Sort::Text], Sort::Text),
    row(Function::Max, "max", 1, MANY, &[Sort::Any], Sort::Any),
    row(Function::Mean, "mean", 1, MANY, &[Sort::Any], Sort::Number),
    row(Function::Min, "min", 1, MANY, &[Sort::Any], Sort::Any),
    row(Function::Modulo, "modulo", 2, 2, &[Sort::Number], Sort::Number),
    row(Function::Not, "not", 1, 1, &[Sort::Boolean], Sort::Boolean),
    row(Function::Now, "now", 0, 0, &[], Sort::DateTime),
    row(Function::Number, "number", 1, 1, &[Sort::Any], Sort::Number),
    row(
        Function::RoundHalfUp,
        "round half up",
        1,
        2,
        &[Sort::Number],
        Sort::Number,
    ),
    row(Function::StartsWith, "starts with", 2, 2, &[Sort::Text], Sort::Boolean),
    row(Function::String, "string", 1, 1, &[Sort::Any], Sort::Text),
    row(
        Function::StringLength,
        "string length",
        1,
        1,
        &[Sort::Text],
        Sort::Number,
    ),
    row(
        Function::Substring,
        "substring",
        2,
        3,
        &[Sort::Text, Sort::Number],
        Sort::Text,
    ),
    row(Function::Sum, "sum", 1, MANY, &[Sort::Any], Sort::Number),
    row(Function::Today, "today", 0, 0, &[], Sort::Date),
    row(Function::UpperCase, "upper case", 1, 1, &[Sort::Text], Sort::Text),
    row(
        Function::YearsAndMonthsDuration,
        "years and months duration",
        2,
        2,
        &[Sort::Any],
        Sort::Duration,
    ),
];

impl Function {
    /// The most words in the name of a function.
    pub const MOST_WORDS: usize = 4;

    pub fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.function)
    }

    pub fn names() -> impl Iterator<Item = &'static str> {
        TABLE.iter().map(|row| row.name)
    }

    fn row(self) -> &'static Signature {
        // The table stands in the order of the enum; a test holds it to that.
        &TABLE[self as usize]
    }

    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The least and the most number of arguments.
    pub fn arity(self) -> (usize, usize) {
        (self.row().least, self.row().most)
    }

    /// What the argument at this place (from 0) must be.
    pub fn takes(self, place: usize) -> Sort {
        let takes = self.row().takes;
        takes.get(place).or(takes.last()).copied().unwrap_or(Sort::Any)
    }

    pub fn gives(self) -> Sort {
        self.row().gives
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stands_in_the_order_of_the_enum() {
        for (place, row) in TABLE.iter().enumerate() {
            assert_eq!(row.function as usize, place, "{}", row.name);
            assert!(row.name.split(' ').count() <= Function::MOST_WORDS);
        }
    }
}
