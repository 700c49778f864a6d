using System.Globalization;
using System.Net;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;
using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>Filters of texts; what is no text is made one.</summary>
internal static partial class TextFilters
{
    // Jinja's own: a text that is too long by less than this is left.
    private const int Leeway = 5;

    /// <summary>All of them.</summary>
    public static FunctionTable All { get; } = new()
    {
        { "capitalize", "value", (_, a) => Letters.Capitalize(a.AsText(0)) },
        { "lower", "value", (_, a) => Letters.Lower(a.AsText(0)) },
        { "upper", "value", (_, a) => Letters.Upper(a.AsText(0)) },
        { "title", "value", (_, a) => string.Concat(Words().Split(a.AsText(0)).Where(part => part.Length > 0).Select(Title)) },
        { "trim", "value chars?", (_, a) => StringMethods.Strip(a.AsText(0), a.Has(1) ? a.Text(1) : null, left: true, right: true) },
        { "string", "value", (_, a) => a[0] is Markup ? a[0] : a.AsText(0) },
        { "center", "value width?", Center },
        { "replace", "value old new count?", (run, a) =>
            StringMethods.Replace(run, a.AsText(0), a.AsText(1), a.AsText(2), a.Whole(3, -1)) },
        { "format", "value *values **named", Format },
        { "indent", "value width? first? blank?", Indent },
        { "truncate", "value length? killwords? end? leeway?", Truncate },
        { "wordwrap", "value width? break_long_words? wrapstring? break_on_hyphens?", WordWrap },
        { "xmlattr", "value autospace?", XmlAttributes },
        { "wordcount", "value", (_, a) => (BigInteger)Word().Count(a.AsText(0)) },
        { "escape|e", "value", (_, a) => a[0] is Markup ? a[0] : Markup.Escape(a.AsText(0)) },
        { "forceescape", "value", (_, a) => Markup.Escape(a.AsText(0)) },
        { "safe", "value", (_, a) => new Markup(a.AsText(0)) },
        { "striptags", "value", (_, a) =>
            WebUtility.HtmlDecode(Blanks().Replace(Tag().Replace(Comment().Replace(a.AsText(0), ""), ""), " ").Trim()) },
        { "urlencode", "value", UrlEncode },
        { "filesizeformat", "value binary?", (_, a) => FileSize(a) },
    };

    private static string Title(string part) =>
        CodePoints.Each(part).First() is var first ? Letters.Upper(first) + Letters.Lower(part[first.Length..]) : part;

    private static string Center(Rendering run, BoundArguments a)
    {
        run.SpendText(Math.Max(0, a.Whole(1, 80)));
        return StringMethods.Center(a.AsText(0), a.Whole(1, 80), " ");
    }

    private static string Format(Rendering run, BoundArguments a)
    {
        if (a.Further.Named.Count == 0)
        {
            return PercentFormat.Apply(run, a.AsText(0), new TupleValue(a.Further.Positional));
        }

        if (a.Further.Positional.Count > 0)
        {
            throw new JinjaError("can't handle positional and keyword arguments at the same time");
        }

        var named = new DictValue(run);
        foreach (var (name, value) in a.Further.Named)
        {
            named.Set(name, value);
        }

        return PercentFormat.Apply(run, a.AsText(0), named);
    }

    private static string Indent(Rendering run, BoundArguments a)
    {
        if (a.Values[1] is not string indentation)
        {
            var width = a.Whole(1, 4);
            run.SpendText(Math.Max(0, width));
            indentation = new string(' ', Math.Max(0, width));
        }

        // Jinja puts a line feed behind the text first, so that one at its end stays.
        var lines = StringSearch.Lines(run, a.AsText(0) + "\n", keepEnds: false);
        run.SpendText((long)lines.Count * indentation.Length);
        var blank = a.Flag(3);
        return (a.Flag(2) ? indentation : "")
            + string.Join('\n', lines.Select((line, i) => i > 0 && (blank || line.Length > 0) ? indentation + line : line));
    }

    private static string Truncate(Rendering run, BoundArguments a)
    {
        var text = a.AsText(0);
        var end = a.Text(3, "...");
        var length = a.Whole(1, 255);
        var kept = length - CodePoints.Count(end);
        if (kept < 0 || a.Whole(4, Leeway) < 0)
        {
            throw new JinjaError($"expected length >= {CodePoints.Count(end)}, got {length}");
        }

        if (CodePoints.Count(text) <= (long)length + a.Whole(4, Leeway))
        {
            return text;
        }

        var cut = text[..CodePoints.Unit(text, kept)];
        var blank = a.Flag(2) ? -1 : cut.LastIndexOf(' ');
        return (blank < 0 ? cut : cut[..blank]) + end;
    }

    private static string WordWrap(Rendering run, BoundArguments a)
    {
        var width = a.Whole(1, 79);
        var wrap = new TextWrap(width > 0 ? width : throw new JinjaError($"invalid width {width} (must be > 0)"), a.Flag(2, true),
            a.Flag(4, true));
        var between = a.Text(3, "\n");
        return string.Join(between,
            StringSearch.Lines(run, a.Text(0), keepEnds: false).Select(line => string.Join(between, wrap.Lines(run, line))));
    }

    private static string XmlAttributes(Rendering run, BoundArguments a)
    {
        var dict = a[0] as DictValue ?? throw new JinjaError($"'xmlattr' needs a mapping, not {TypeNames.Of(a[0])}");
        var attributes = dict.Entries.Where(entry => entry.Value is not (NoneValue or Undefined)).Select(entry =>
        {
            var name = PythonText.Of(run, entry.Key);
            return name.Any(c => CodePoints.IsSpace(c) || c is '/' or '>' or '=')
                ? throw new JinjaError($"Invalid character in attribute name: '{name}'")
                : $"{Markup.Escape(name).Text}=\"{Markup.Escape(PythonText.Of(run, entry.Value)).Text}\"";
        });
        var text = string.Join(' ', attributes);
        return text.Length > 0 && a.Flag(1, true) ? " " + text : text;
    }

    private static string UrlEncode(Rendering run, BoundArguments a)
    {
        if (a[0] is string or Markup || Iteration.TryOf(a[0]) is null)
        {
            return Quote(a.AsText(0), "/");
        }

        var pairs = a[0] is DictValue dict ? new DictView("items", dict).Items() : Iteration.Of(a[0]);
        return string.Join('&', Iteration.List(run, pairs).Select(pair => pair is SequenceValue { Count: 2 } two
            ? $"{ForQuery(PythonText.Of(run, two[0]))}={ForQuery(PythonText.Of(run, two[1]))}"
            : throw new JinjaError("'urlencode' needs pairs of a name and a value")));
    }

    private static string ForQuery(string text) => Quote(text, "").Replace("%20", "+", StringComparison.Ordinal);

    private static string Quote(string text, string safe)
    {
        var output = new StringBuilder();
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            var c = (char)value;
            _ = char.IsAsciiLetterOrDigit(c) || "_.-~".Contains(c, StringComparison.Ordinal) || safe.Contains(c, StringComparison.Ordinal)
                ? output.Append(c)
                : output.Append(CultureInfo.InvariantCulture, $"%{value:X2}");
        }

        return output.ToString();
    }

    private static string FileSize(BoundArguments a)
    {
        var bytes = Numbers.Float(a[0]) ?? Numbers.ParseFloat(a.AsText(0)) ?? throw new JinjaError("'filesizeformat' needs a number");
        var unit = a.Flag(1) ? 1024.0 : 1000.0;
        if (bytes == 1)
        {
            return "1 Byte";
        }

        if (bytes < unit)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{Math.Truncate(bytes)} Bytes");
        }

        var power = 1;
        while (power < 8 && bytes >= Math.Pow(unit, power + 1))
        {
            power++;
        }

        var name = a.Flag(1) ? $"{"KMGTPEZY"[power - 1]}iB" : $"{"kMGTPEZY"[power - 1]}B";
        return $"{FloatText.Fixed(bytes / Math.Pow(unit, power), 1)} {name}";
    }

    [GeneratedRegex(@"([-\s({\[<]+)")]
    private static partial Regex Words();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    [GeneratedRegex("<!--.*?-->", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex("<.*?>", RegexOptions.Singleline)]
    private static partial Regex Tag();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
