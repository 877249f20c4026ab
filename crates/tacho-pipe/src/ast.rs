//! The typed form of a query, as it was written: names not yet looked up.

pub use crate::function::Function;

/// A place in the text, byte offsets. Two spans are always equal, so that queries compare by what they say.
#[derive(Debug, Clone, Copy, Default)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

impl PartialEq for Span {
    fn eq(&self, _: &Span) -> bool {
        true
    }
}

/// A name and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Name {
    pub text: String,
    pub span: Span,
}

/// A column, or a member inside of one: `details.tool.name`.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    pub parts: Vec<String>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    pub source: Source,
    pub stages: Vec<Stage>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A table of events, with the range that is read: `agent_audit_log[15m]`.
    Table {
        name: Name,
        window_us: Option<i64>,
    },
    /// What has begun and not ended: `open(agent_execution)`.
    Open(Name),
    Query(Box<Query>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    Filter(Expr),
    Aggregate(Aggregate),
    Eval(Vec<Assign>),
    Fields(Vec<Name>),
    Sort(Vec<SortKey>),
    Limit(u64),
    Top { count: u64, by: Expr },
    Dedup(Vec<Name>),
    Join(Join),
    Sequence(Sequence),
    Absent { by: Vec<Name>, expect: Option<Path>, span: Span },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    pub calls: Vec<Call>,
    pub by: Vec<ByKey>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub function: Function,
    pub arguments: Vec<Expr>,
    pub only_if: Option<Expr>,
    pub alias: Option<Name>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ByKey {
    Path(Path),
    Bucket { width_us: i64, span: Span },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Assign {
    pub name: Name,
    pub value: Expr,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SortKey {
    pub name: Name,
    pub order: Order,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Ascending,
    Descending,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    /// Keep rows that find no partner.
    pub left: bool,
    pub source: Source,
    pub on: Vec<Name>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Sequence {
    pub by: Vec<Name>,
    pub within_us: i64,
    pub steps: Vec<Step>,
    pub span: Span,
}

/// One step: so many events that satisfy the condition. `max` is open when absent.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub name: Name,
    pub condition: Expr,
    pub min: u32,
    pub max: Option<u32>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    pub node: Node,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    Literal(Literal),
    Path(Path),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Compare(Comparison, Box<Expr>, Box<Expr>),
    Math(Arithmetic, Box<Expr>, Box<Expr>),
    In {
        value: Box<Expr>,
        list: Vec<Literal>,
        negated: bool,
    },
    Match {
        value: Box<Expr>,
        how: Matching,
        pattern: String,
    },
    Exists(Path),
    /// A function of one row: `lower(x)`, `abs(x)`.
    Scalar(String, Vec<Expr>),
    Baseline(Baseline),
}

/// What is usual, to compare with: `avg(count) over history 7d`.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    pub function: Function,
    pub column: Name,
    pub over: Over,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Over {
    /// Not written: history, of the length that the rule says.
    Implied,
    History(Option<i64>),
    Peers,
    SameHour(i64),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Text(String),
    Number(f64),
    DurationUs(i64),
    Bool(bool),
    Null,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub fn symbol(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Arithmetic {
    pub fn symbol(self) -> &'static str {
        match self {
            Arithmetic::Add => "+",
            Arithmetic::Subtract => "-",
            Arithmetic::Multiply => "*",
            Arithmetic::Divide => "/",
            Arithmetic::Remainder => "%",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matching {
    Contains,
    StartsWith,
    EndsWith,
    Regex,
    Cidr,
}

impl Matching {
    pub fn word(self) -> &'static str {
        match self {
            Matching::Contains => "contains",
            Matching::StartsWith => "startswith",
            Matching::EndsWith => "endswith",
            Matching::Regex => "=~",
            Matching::Cidr => "cidr",
        }
    }
}
