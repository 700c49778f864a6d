using System.Buffers;
using System.Numerics;
using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>The methods of texts that look for others in them, and those that cut.</summary>
internal static class StringSearch
{
    // Behind each of these Python begins a line; \r\n is one.
    private static readonly SearchValues<char> _lineEnds = SearchValues.Create("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029");

    /// <summary>All of them; the first argument is the text.</summary>
    public static FunctionTable All { get; } = new()
    {
        { "count", "self sub start? end?", (run, a) => (BigInteger)Count(run, Part(a).Text, a.Text(1)) },
        { "find", "self sub start? end?", (_, a) => (BigInteger)Find(a, last: false) },
        { "rfind", "self sub start? end?", (_, a) => (BigInteger)Find(a, last: true) },
        { "index", "self sub start? end?", (_, a) => (BigInteger)Required(Find(a, last: false)) },
        { "rindex", "self sub start? end?", (_, a) => (BigInteger)Required(Find(a, last: true)) },
        { "startswith", "self prefix start? end?", (_, a) => Any(a, (text, affix) => text.StartsWith(affix, StringComparison.Ordinal)) },
        { "endswith", "self suffix start? end?", (_, a) => Any(a, (text, affix) => text.EndsWith(affix, StringComparison.Ordinal)) },
        { "split", "self sep? maxsplit?", (run, a) => Texts(Split(run, a)) },
        { "rsplit", "self sep? maxsplit?", (run, a) => Texts(SplitFromRight(run, a)) },
        { "splitlines", "self keepends?", (run, a) => Texts(Lines(run, a.Text(0), a.Flag(1))) },
        { "partition", "self sep", (_, a) => Partition(a, last: false) },
        { "rpartition", "self sep", (_, a) => Partition(a, last: true) },
    };

    /// <summary>The lines of a text, with their ends or without; nothing behind the last end is no line.</summary>
    public static List<string> Lines(Rendering run, string text, bool keepEnds)
    {
        run.SpendText(text.Length);
        var lines = new List<string>();
        for (var start = 0; start < text.Length;)
        {
            run.Spend(1);
            var end = text.AsSpan(start).IndexOfAny(_lineEnds) is >= 0 and var found ? start + found : text.Length;
            var next = end == text.Length ? end : end + (text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? 2 : 1);
            lines.Add(text[start..(keepEnds ? next : end)]);
            start = next;
        }

        return lines;
    }

    private static ListValue Texts(IEnumerable<string> texts) => new([.. texts.Cast<object>()]);

    // The part of the text between the bounds that stand as third and fourth argument, and its first character.
    private static (string Text, int Start, bool IsReal) Part(BoundArguments a)
    {
        var text = a.Text(0);
        if (!a.Has(2) && !a.Has(3))
        {
            return (text, 0, true);
        }

        var length = CodePoints.Count(text);
        var (start, end) = (Place(a.Whole(2, 0)), Place(a.Whole(3, int.MaxValue)));
        return start <= end && a.Whole(2, 0) <= length
            ? (text[CodePoints.Unit(text, start)..CodePoints.Unit(text, end)], start, true)
            : ("", start, false);

        int Place(int bound) => (int)Math.Clamp(bound < 0 ? (long)bound + length : bound, 0, length);
    }

    private static int Count(Rendering run, string text, string sought)
    {
        run.SpendText(text.Length);
        return sought.Length == 0 ? CodePoints.Count(text) + 1 : StringMethods.Cut(run, text, sought, int.MaxValue).Count - 1;
    }

    private static int Find(BoundArguments a, bool last)
    {
        var (text, start, isReal) = Part(a);
        var unit = !isReal ? -1
            : last ? text.LastIndexOf(a.Text(1), StringComparison.Ordinal)
            : text.IndexOf(a.Text(1), StringComparison.Ordinal);
        return unit < 0 ? -1 : start + CodePoints.CountBefore(text, unit);
    }

    private static int Required(int place) => place >= 0 ? place : throw new JinjaError("substring not found");

    private static object Any(BoundArguments a, Func<string, string, bool> fits)
    {
        var (text, _, isReal) = Part(a);
        return a[1] is TupleValue several
            ? isReal && several.Items().Any(one =>
                fits(text, one as string ?? throw new JinjaError($"tuple for {a.Function} must only contain str, not {TypeNames.Of(one)}")))
            : fits(text, a.Text(1)) && isReal;
    }

    private static List<string> Split(Rendering run, BoundArguments a)
    {
        var limit = Limit(a);
        if (a.Has(1))
        {
            return StringMethods.Cut(run, a.Text(0), Separator(a), limit);
        }

        var parts = new List<string>();
        var text = StringMethods.Strip(a.Text(0), null, left: true, right: false);
        while (text.Length > 0)
        {
            run.SpendText(text.Length);
            var end = parts.Count < limit ? text.TakeWhile(c => !CodePoints.IsSpace(c)).Count() : text.Length;
            parts.Add(text[..end]);
            text = parts.Count > limit ? "" : StringMethods.Strip(text[end..], null, left: true, right: false);
        }

        return parts;
    }

    private static List<string> SplitFromRight(Rendering run, BoundArguments a)
    {
        var limit = Limit(a);
        var text = a.Text(0);
        var parts = new List<string>();
        if (a.Has(1))
        {
            var separator = Separator(a);
            while (parts.Count < limit && text.LastIndexOf(separator, StringComparison.Ordinal) is >= 0 and var place)
            {
                run.SpendText(text.Length);
                parts.Insert(0, text[(place + separator.Length)..]);
                text = text[..place];
            }

            parts.Insert(0, text);
            return parts;
        }

        text = StringMethods.Strip(text, null, left: false, right: true);
        while (text.Length > 0)
        {
            run.SpendText(text.Length);
            var start = parts.Count < limit ? text.Length - text.Reverse().TakeWhile(c => !CodePoints.IsSpace(c)).Count() : 0;
            parts.Insert(0, text[start..]);
            text = StringMethods.Strip(text[..start], null, left: false, right: true);
        }

        return parts;
    }

    private static int Limit(BoundArguments a) => a.Whole(2, -1) is >= 0 and var limit ? limit : int.MaxValue;

    private static string Separator(BoundArguments a) => a.Text(1) is { Length: > 0 } separator ? separator
        : throw new JinjaError("empty separator");

    private static TupleValue Partition(BoundArguments a, bool last)
    {
        var (text, separator) = (a.Text(0), Separator(a));
        var place = last ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        return place >= 0 ? new TupleValue(text[..place], separator, text[(place + separator.Length)..])
            : last ? new TupleValue("", "", text)
            : new TupleValue(text, "", "");
    }
}
