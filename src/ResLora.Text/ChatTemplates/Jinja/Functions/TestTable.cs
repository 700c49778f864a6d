using System.Numerics;
using ResLora.Formats.Errors;
using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>All tests; the first argument is what stands before <c>is</c>.</summary>
internal static class TestTable
{
    /// <summary>All of them.</summary>
    public static FunctionTable All { get; } = new()
    {
        { "boolean", "value", (_, a) => a[0] is bool },
        { "callable", "value", (_, a) => a[0] is CallableValue or Undefined },
        { "defined", "value", (_, a) => a[0] is not Undefined },
        { "undefined", "value", (_, a) => a[0] is Undefined },
        { "divisibleby", "value num", (run, a) => Equality.Equal(run, Arithmetic.Apply(run, "%", a[0], a[1]), BigInteger.Zero) },
        { "even", "value", (run, a) => Equality.Equal(run, Arithmetic.Apply(run, "%", a[0], (BigInteger)2), BigInteger.Zero) },
        { "odd", "value", (run, a) => Equality.Equal(run, Arithmetic.Apply(run, "%", a[0], (BigInteger)2), BigInteger.One) },
        { "eq|equalto|==", "value other", (run, a) => Equality.Equal(run, a[0], a[1]) },
        { "ne|!=", "value other", (run, a) => !Equality.Equal(run, a[0], a[1]) },
        { "ge|>=", "value other", (run, a) => Ordering.Holds(run, ">=", a[0], a[1]) },
        { "gt|greaterthan|>", "value other", (run, a) => Ordering.Holds(run, ">", a[0], a[1]) },
        { "le|<=", "value other", (run, a) => Ordering.Holds(run, "<=", a[0], a[1]) },
        { "lt|lessthan|<", "value other", (run, a) => Ordering.Holds(run, "<", a[0], a[1]) },
        { "in", "value seq", (run, a) => Equality.Contains(run, a[1], a[0]) },
        { "escaped", "value", (_, a) => a[0] is Markup },
        { "true", "value", (_, a) => a[0] is true },
        { "false", "value", (_, a) => a[0] is false },
        { "float", "value", (_, a) => a[0] is double },
        { "integer", "value", (_, a) => a[0] is BigInteger },
        { "number", "value", (_, a) => a[0] is BigInteger or double or bool },
        { "none", "value", (_, a) => a[0] is NoneValue },
        { "string", "value", (_, a) => a[0] is string or Markup },
        { "mapping", "value", (_, a) => a[0] is DictValue },
        { "sequence", "value", (_, a) => a[0] is string or Markup or SequenceValue or DictValue or Undefined },
        { "iterable", "value", (_, a) => Iteration.TryOf(a[0]) is not null },
        { "sameas", "value other", (_, a) => Equality.Same(a[0], a[1]) },
        { "lower", "value", (_, a) => Letters.IsLower(a.AsText(0)) },
        { "upper", "value", (_, a) => Letters.IsUpper(a.AsText(0)) },
        { "filter", "value", (_, a) => FilterTable.All.Find(a.AsText(0)) is not null },
        { "test", "value", (_, a) => All!.Find(a.AsText(0)) is not null },
    };

    /// <summary>A test.</summary>
    /// <exception cref="JinjaError">There is none of this name.</exception>
    public static NativeFunction Require(string name) =>
        All.Find(name) ?? throw new JinjaError($"there is no test '{name}'.{NearestName.Suggestion(name, All.Names)}");
}
