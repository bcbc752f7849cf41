//! The node and field names of the grammar that anything asks for.

use std::sync::OnceLock;

macro_rules! names {
    ($(#[$doc:meta])* $type:ident { $($variant:ident = $name:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "the names are the grammar's own")]
        pub enum $type {
            $($variant,)*
            /// Any other.
            Other,
        }

        impl $type {
            fn from_name(name: &str) -> Self {
                match name {
                    $($name => Self::$variant,)*
                    _ => Self::Other,
                }
            }
        }
    };
}

names! {
    /// The kinds of nodes.
    Kind {
        AliasedImport = "aliased_import",
        ArgumentList = "argument_list",
        AsPattern = "as_pattern",
        AsPatternTarget = "as_pattern_target",
        Assert = "assert_statement",
        Assignment = "assignment",
        Attribute = "attribute",
        AugmentedAssignment = "augmented_assignment",
        Await = "await",
        Binary = "binary_operator",
        Block = "block",
        Boolean = "boolean_operator",
        Break = "break_statement",
        Call = "call",
        Case = "case_clause",
        CasePattern = "case_pattern",
        Class = "class_definition",
        Comment = "comment",
        Comparison = "comparison_operator",
        Concatenated = "concatenated_string",
        Conditional = "conditional_expression",
        Continue = "continue_statement",
        Decorated = "decorated_definition",
        Decorator = "decorator",
        DefaultParameter = "default_parameter",
        Delete = "delete_statement",
        Dictionary = "dictionary",
        DictionaryComprehension = "dictionary_comprehension",
        DictionarySplat = "dictionary_splat",
        DictionarySplatPattern = "dictionary_splat_pattern",
        DottedName = "dotted_name",
        Elif = "elif_clause",
        Else = "else_clause",
        Except = "except_clause",
        Exec = "exec_statement",
        ExpressionList = "expression_list",
        ExpressionStatement = "expression_statement",
        Error = "ERROR",
        False = "false",
        Finally = "finally_clause",
        Float = "float",
        For = "for_statement",
        ForIn = "for_in_clause",
        Function = "function_definition",
        FutureImport = "future_import_statement",
        Generator = "generator_expression",
        Global = "global_statement",
        Identifier = "identifier",
        If = "if_statement",
        IfClause = "if_clause",
        Import = "import_statement",
        ImportFrom = "import_from_statement",
        Integer = "integer",
        Interpolation = "interpolation",
        KeywordArgument = "keyword_argument",
        Lambda = "lambda",
        LambdaParameters = "lambda_parameters",
        LineContinuation = "line_continuation",
        List = "list",
        ListComprehension = "list_comprehension",
        ListPattern = "list_pattern",
        ListSplat = "list_splat",
        ListSplatPattern = "list_splat_pattern",
        Match = "match_statement",
        Module = "module",
        NamedExpression = "named_expression",
        None = "none",
        Nonlocal = "nonlocal_statement",
        Not = "not_operator",
        Pair = "pair",
        Parameters = "parameters",
        Parenthesized = "parenthesized_expression",
        Pass = "pass_statement",
        PatternList = "pattern_list",
        Print = "print_statement",
        Raise = "raise_statement",
        RelativeImport = "relative_import",
        Return = "return_statement",
        SetComprehension = "set_comprehension",
        String = "string",
        StringContent = "string_content",
        StringEnd = "string_end",
        StringStart = "string_start",
        Subscript = "subscript",
        True = "true",
        Try = "try_statement",
        Tuple = "tuple",
        TuplePattern = "tuple_pattern",
        Type = "type",
        TypeAlias = "type_alias_statement",
        TypedDefaultParameter = "typed_default_parameter",
        TypedParameter = "typed_parameter",
        Unary = "unary_operator",
        While = "while_statement",
        Wildcard = "wildcard_import",
        With = "with_statement",
        WithItem = "with_item",
    }
}

names! {
    /// The names of children.
    Field {
        Alias = "alias",
        Alternative = "alternative",
        Argument = "argument",
        Arguments = "arguments",
        AttributeName = "attribute",
        Body = "body",
        Condition = "condition",
        Consequence = "consequence",
        Definition = "definition",
        Function = "function",
        Left = "left",
        ModuleName = "module_name",
        Name = "name",
        Object = "object",
        Operator = "operator",
        Operators = "operators",
        Parameters = "parameters",
        Right = "right",
        Subscript = "subscript",
        Superclasses = "superclasses",
        Type = "type",
        Value = "value",
    }
}

impl Kind {
    /// The kind of the grammar's node kind number `id`.
    pub(super) fn of(id: u16) -> Self {
        static TABLE: OnceLock<Vec<Kind>> = OnceLock::new();
        let table = TABLE.get_or_init(|| {
            let language = tree_sitter::Language::from(tree_sitter_python::LANGUAGE);
            (0..language.node_kind_count())
                .filter_map(|id| u16::try_from(id).ok())
                .map(|id| match language.node_kind_for_id(id) {
                    Some(name) if language.node_kind_is_named(id) => Kind::from_name(name),
                    _ => Kind::Other,
                })
                .collect()
        });
        // The number of error nodes lies outside the table.
        if id == u16::MAX { Self::Error } else { table.get(usize::from(id)).copied().unwrap_or(Self::Other) }
    }

    /// True for whole statements and for clauses that hold statements.
    pub const fn is_statement(self) -> bool {
        matches!(
            self,
            Self::Assert
                | Self::Break
                | Self::Class
                | Self::Continue
                | Self::Decorated
                | Self::Delete
                | Self::Exec
                | Self::ExpressionStatement
                | Self::For
                | Self::Function
                | Self::FutureImport
                | Self::Global
                | Self::If
                | Self::Import
                | Self::ImportFrom
                | Self::Match
                | Self::Nonlocal
                | Self::Pass
                | Self::Print
                | Self::Raise
                | Self::Return
                | Self::Try
                | Self::TypeAlias
                | Self::While
                | Self::With
        )
    }

    /// True for the four comprehensions.
    pub const fn is_comprehension(self) -> bool {
        matches!(
            self,
            Self::ListComprehension | Self::SetComprehension | Self::DictionaryComprehension | Self::Generator
        )
    }
}

impl Field {
    /// The field of the grammar's field number.
    pub(super) fn of(id: Option<std::num::NonZeroU16>) -> Self {
        static TABLE: OnceLock<Vec<Field>> = OnceLock::new();
        let table = TABLE.get_or_init(|| {
            let language = tree_sitter::Language::from(tree_sitter_python::LANGUAGE);
            (0..=language.field_count())
                .filter_map(|id| u16::try_from(id).ok())
                .map(|id| language.field_name_for_id(id).map_or(Field::Other, Field::from_name))
                .collect()
        });
        id.and_then(|id| table.get(usize::from(id.get())).copied()).unwrap_or(Self::Other)
    }
}
