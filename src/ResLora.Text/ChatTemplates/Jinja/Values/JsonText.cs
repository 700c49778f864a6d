using System.Globalization;
using System.Numerics;
using System.Text;

namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>Values as JSON, written as Python's <c>json.dumps</c> does.</summary>
/// <param name="rendering">The rendering.</param>
/// <param name="asciiOnly">Whether other characters than ASCII are escaped.</param>
/// <param name="indent">What stands before a value for each level; null for one line.</param>
/// <param name="separators">What stands between values and behind a key.</param>
/// <param name="sortKeys">Whether keys are sorted.</param>
internal sealed class JsonText(Rendering rendering, bool asciiOnly, string? indent, (string Item, string Key) separators, bool sortKeys)
{
    private readonly StringBuilder _output = new();

    /// <summary>Writes a value.</summary>
    /// <param name="value">The value.</param>
    /// <returns>The text.</returns>
    /// <exception cref="JinjaError">JSON has nothing for the value.</exception>
    public string Of(object value)
    {
        Write(value, "\n");
        return _output.ToString();
    }

    private void Write(object value, string line)
    {
        Rendering.RequireStack();
        rendering.Spend(1);
        rendering.SpendText(_output.Length > Rendering.MaxText ? _output.Length : 0);
        switch (value)
        {
            case string or Markup:
                Quote(PythonText.Plain(value));
                break;
            case ListValue or TupleValue:
                var list = ((SequenceValue)value).Items().Select(item => ((string?)null, item));
                Items("[", list, "]", line);
                break;
            case DictValue dict:
                Items("{", Sorted(dict).Select(entry => ((string?)Key(entry.Key), entry.Value)), "}", line);
                break;
            default:
                _output.Append(Scalar(value) ?? throw new JinjaError($"Object of type {TypeNames.Of(value)} is not JSON serializable"));
                break;
        }
    }

    private void Items(string before, IEnumerable<(string? Key, object Value)> items, string behind, string line)
    {
        _output.Append(before);
        var inner = line + indent;
        var any = false;
        foreach (var (key, value) in items)
        {
            _output.Append(any ? separators.Item : "");
            any = true;
            _output.Append(indent is null ? "" : inner);
            if (key is not null)
            {
                Quote(key);
                _output.Append(separators.Key);
            }

            Write(value, inner);
        }

        _output.Append(any && indent is not null ? line : "").Append(behind);
    }

    private IEnumerable<KeyValuePair<object, object>> Sorted(DictValue dict)
    {
        if (!sortKeys)
        {
            return dict.Entries;
        }

        var keys = Ordering.Sort(rendering, dict.Keys, key => key, reverse: false);
        return keys.Select(key => KeyValuePair.Create(key, dict.TryGet(key, out var value) ? value : NoneValue.Instance));
    }

    private static string Key(object key) => key is string or Markup ? PythonText.Plain(key)
        : Scalar(key) ?? throw new JinjaError($"keys must be str, int, float, bool or None, not {TypeNames.Of(key)}");

    private static string? Scalar(object value) => value switch
    {
        NoneValue => "null",
        bool flag => flag ? "true" : "false",
        BigInteger number => number.ToString(CultureInfo.InvariantCulture),
        double.NaN => "NaN",
        double.PositiveInfinity => "Infinity",
        double.NegativeInfinity => "-Infinity",
        double number => FloatText.Shortest(number),
        _ => null,
    };

    private void Quote(string text)
    {
        rendering.SpendText(text.Length);
        _output.Append('"');
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => _output.Append("\\\""),
                '\\' => _output.Append("\\\\"),
                '\n' => _output.Append("\\n"),
                '\r' => _output.Append("\\r"),
                '\t' => _output.Append("\\t"),
                '\b' => _output.Append("\\b"),
                '\f' => _output.Append("\\f"),
                < ' ' => Escape(c),
                > '~' when asciiOnly => Escape(c),
                _ => _output.Append(c),
            };
        }

        _output.Append('"');
    }

    private StringBuilder Escape(char c) => _output.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
}
