using System.Globalization;
using System.Numerics;
using System.Text;

namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>Values as Python prints them.</summary>
internal static class PythonText
{
    /// <summary>The text of a text.</summary>
    public static string Plain(object text) => text is Markup markup ? markup.Text : (string)text;

    /// <summary>What <c>str</c> gives.</summary>
    /// <exception cref="JinjaError">The value has no text of its own, such as a function.</exception>
    public static string Of(Rendering rendering, object value)
    {
        switch (value)
        {
            case string text:
                return text;
            case Markup markup:
                return markup.Text;
            case Undefined:
                return "";
            default:
                var output = new StringBuilder();
                Write(rendering, value, output);
                return output.ToString();
        }
    }

    /// <summary>What <c>repr</c> gives: as <see cref="Of"/>, with quotes around texts.</summary>
    public static string Quoted(Rendering rendering, object value)
    {
        var output = new StringBuilder();
        Write(rendering, value, output);
        return output.ToString();
    }

    private static void Write(Rendering rendering, object value, StringBuilder output)
    {
        Rendering.RequireStack();
        rendering.Spend(1);
        rendering.SpendText(output.Length > Rendering.MaxText ? output.Length : 0);
        switch (value)
        {
            case NoneValue:
                output.Append("None");
                break;
            case bool flag:
                output.Append(flag ? "True" : "False");
                break;
            case BigInteger number:
                output.Append(number.ToString(CultureInfo.InvariantCulture));
                break;
            case double number:
                output.Append(FloatText.Shortest(number));
                break;
            case string text:
                rendering.SpendText(text.Length);
                Quote(text, output);
                break;
            case Markup markup:
                output.Append("Markup(");
                Quote(markup.Text, output);
                output.Append(')');
                break;
            case Undefined:
                output.Append("Undefined");
                break;
            case RangeValue range:
                output.Append(CultureInfo.InvariantCulture, $"range({range.Start}, {range.Stop}");
                output.Append(range.Step.IsOne ? ")" : string.Create(CultureInfo.InvariantCulture, $", {range.Step})"));
                break;
            case ListValue list:
                Items(rendering, "[", list.Items(), "]", output);
                break;
            case TupleValue tuple:
                Items(rendering, "(", tuple.Items(), tuple.Count == 1 ? ",)" : ")", output);
                break;
            case DictValue dict:
                Entries(rendering, dict.Entries, output);
                break;
            case DictView view:
                Items(rendering, $"dict_{view.Kind}([", view.Items(), "])", output);
                break;
            case NamespaceValue space:
                output.Append("<Namespace ");
                Entries(rendering, space.Attributes.Select(entry => KeyValuePair.Create((object)entry.Key, entry.Value)), output);
                output.Append('>');
                break;
            case OneShot:
                throw new JinjaError("a generator (what map, select and others give) has no text; use '| list' or '| join'");
            case CallableValue callable:
                throw new JinjaError($"the function '{callable.Name}' has no text; call it");
            default:
                throw new JinjaError($"a value of type {TypeNames.Of(value)} has no text");
        }
    }

    private static void Items(Rendering rendering, string before, IEnumerable<object> items, string behind, StringBuilder output)
    {
        output.Append(before);
        foreach (var (i, item) in items.Index())
        {
            output.Append(i > 0 ? ", " : "");
            Write(rendering, item, output);
        }

        output.Append(behind);
    }

    private static void Entries(Rendering rendering, IEnumerable<KeyValuePair<object, object>> entries, StringBuilder output)
    {
        output.Append('{');
        foreach (var (i, (key, value)) in entries.Index())
        {
            output.Append(i > 0 ? ", " : "");
            Write(rendering, key, output);
            output.Append(": ");
            Write(rendering, value, output);
        }

        output.Append('}');
    }

    private static void Quote(string text, StringBuilder output)
    {
        var quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        output.Append(quote);
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '\n' => output.Append("\\n"),
                '\r' => output.Append("\\r"),
                '\t' => output.Append("\\t"),
                '\\' => output.Append("\\\\"),
                _ when rune.Value == quote => output.Append('\\').Append(quote),
                _ when IsPrintable(rune) => output.Append(rune.ToString()),
                < 0x100 => output.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}"),
                < 0x10000 => output.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}"),
                _ => output.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}"),
            };
        }

        output.Append(quote);
    }

    /// <summary>Whether Python prints a character as itself.</summary>
    public static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator);
}
