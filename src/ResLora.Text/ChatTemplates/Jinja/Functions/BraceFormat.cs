using System.Numerics;
using System.Text;
using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>Python's <c>text.format(...)</c>, whose fields see what a template may see and nothing else.</summary>
/// <param name="rendering">The rendering.</param>
/// <param name="arguments">The values.</param>
internal sealed class BraceFormat(Rendering rendering, CallArguments arguments)
{
    private int _next;

    /// <summary>Fills a text in.</summary>
    /// <exception cref="JinjaError">The text is no format, or a value is missing.</exception>
    public string Apply(string format) => Apply(format, nested: false);

    private string Apply(string format, bool nested)
    {
        var output = new StringBuilder();
        for (var at = 0; at < format.Length; at++)
        {
            var c = format[at];
            if (c is '{' or '}' && at + 1 < format.Length && format[at + 1] == c && !nested)
            {
                output.Append(c);
                at++;
            }
            else if (c == '}')
            {
                throw new JinjaError("Single '}' encountered in format string");
            }
            else if (c == '{')
            {
                var end = End(format, at + 1);
                output.Append(Field(format[(at + 1)..end], nested));
                rendering.SpendText(output.Length > Rendering.MaxText ? output.Length : 0);
                at = end;
            }
            else
            {
                output.Append(c);
            }
        }

        return output.ToString();
    }

    private static int End(string format, int start)
    {
        var depth = 1;
        for (var at = start; at < format.Length; at++)
        {
            depth += format[at] switch
            {
                '{' => 1,
                '}' => -1,
                _ => 0,
            };
            if (depth == 0)
            {
                return at;
            }
        }

        throw new JinjaError("expected '}' before end of string");
    }

    private string Field(string field, bool nested)
    {
        if (nested && field.Contains('{', StringComparison.Ordinal))
        {
            throw new JinjaError("Max string recursion exceeded");
        }

        var colon = field.IndexOf(':', StringComparison.Ordinal);
        var spec = colon < 0 ? "" : Apply(field[(colon + 1)..], nested: true);
        var name = colon < 0 ? field : field[..colon];
        var mark = name.IndexOf('!', StringComparison.Ordinal);
        var conversion = mark < 0 ? "" : name[(mark + 1)..];
        var value = Lookup(mark < 0 ? name : name[..mark]);
        return FormatSpec.Apply(rendering, conversion switch
        {
            "" => value,
            "s" => PythonText.Of(rendering, value),
            "r" => PythonText.Quoted(rendering, value),
            _ => throw new JinjaError($"the conversion '!{conversion}' is not supported (!s and !r are)"),
        }, spec);
    }

    private object Lookup(string name)
    {
        var end = name.IndexOfAny(['.', '[']);
        var first = end < 0 ? name : name[..end];
        var value = First(first);
        for (var at = first.Length; at < name.Length;)
        {
            if (name[at] == '.')
            {
                var stop = name.IndexOfAny(['.', '['], at + 1);
                stop = stop < 0 ? name.Length : stop;
                value = Members.Dotted(value, name[(at + 1)..stop]);
                at = stop;
            }
            else
            {
                var stop = name.IndexOf(']', at) is var found and >= 0 ? found : throw new JinjaError("Missing ']' in format string");
                var key = name[(at + 1)..stop];
                value = Members.Item(value, BigInteger.TryParse(key, out var place) ? place : key);
                at = stop + 1;
            }
        }

        return value;
    }

    private object First(string name)
    {
        if (name.Length == 0 || name.All(char.IsAsciiDigit))
        {
            var place = name.Length == 0 ? _next++ : name.Length < 6 ? int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)
                : int.MaxValue;
            return place < arguments.Positional.Count ? arguments.Positional[place]
                : throw new JinjaError("Replacement index is out of range for positional args tuple");
        }

        return arguments.Named.FirstOrDefault(argument => argument.Name == name).Value
            ?? throw new JinjaError($"there is no argument '{name}' for the format");
    }
}
