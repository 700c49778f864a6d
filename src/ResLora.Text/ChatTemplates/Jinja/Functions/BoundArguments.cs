using System.Numerics;
using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>Arguments in the places of the parameters.</summary>
/// <param name="Function">The function's name, for messages.</param>
/// <param name="Rendering">The rendering.</param>
/// <param name="Parameters">The parameters' names.</param>
/// <param name="Values">Their values; null for those that were left out.</param>
/// <param name="Further">What is beyond the parameters.</param>
internal sealed record BoundArguments(
    string Function, Rendering Rendering, IReadOnlyList<string> Parameters, IReadOnlyList<object?> Values, CallArguments Further)
{
    /// <summary>The value of a parameter.</summary>
    public object this[int place] => Values[place]!;

    /// <summary>The value of a parameter, or another when it was left out.</summary>
    public object Or(int place, object fallback) => Values[place] ?? fallback;

    /// <summary>Whether a parameter has a value other than None.</summary>
    public bool Has(int place) => Values[place] is not (null or NoneValue);

    /// <summary>A text; anything else is refused.</summary>
    public string Text(int place) => Values[place] is string or Markup ? PythonText.Plain(this[place]) : throw Wrong(place, "a text");

    /// <summary>A text, or another when it was left out or is None.</summary>
    public string Text(int place, string fallback) => Has(place) ? Text(place) : fallback;

    /// <summary>A value as a text, whatever it is.</summary>
    public string AsText(int place) => PythonText.Of(Rendering, this[place]);

    /// <summary>A whole number that fits .NET's int, clipped to it.</summary>
    public int Whole(int place) =>
        Numbers.Whole(this[place]) is { } whole ? (int)BigInteger.Clamp(whole, int.MinValue, int.MaxValue)
            : throw Wrong(place, "a whole number");

    /// <summary>A whole number, or another when it was left out or is None.</summary>
    public int Whole(int place, int fallback) => Has(place) ? Whole(place) : fallback;

    /// <summary>Whether a value counts as true; false when it was left out.</summary>
    public bool Flag(int place, bool fallback = false) => Values[place] is { } value ? Truth.Of(value) : fallback;

    /// <summary>All that can be gone through in a value.</summary>
    public List<object> Items(int place) => Iteration.List(Rendering, this[place]);

    private JinjaError Wrong(int place, string wanted) => (Values[place] as Undefined)?.Error() ?? new JinjaError(
        $"'{Function}': {Parameters[place].TrimEnd('?')} must be {wanted}, not {TypeNames.Of(this[place])}");
}
