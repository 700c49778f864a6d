using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>Values from JSON, as Python's <c>json.loads</c> gives them.</summary>
internal static class JsonValue
{
    /// <summary>Turns an element into a value.</summary>
    /// <exception cref="JinjaError">A number is too large, or a text holds half a character.</exception>
    public static object From(Rendering rendering, JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => Text(element),
        JsonValueKind.Number => Number(element.GetRawText()),
        JsonValueKind.Array => new ListValue([.. element.EnumerateArray().Select(item => From(rendering, item))]),
        JsonValueKind.Object => Dict(rendering, element),
        _ => NoneValue.Instance,
    };

    private static DictValue Dict(Rendering rendering, JsonElement element)
    {
        var dict = new DictValue(rendering);
        foreach (var member in element.EnumerateObject())
        {
            dict.Set(member.Name, From(rendering, member.Value));
        }

        return dict;
    }

    private static string Text(JsonElement element)
    {
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new JinjaError("a text of the conversation holds half of a surrogate pair");
        }
    }

    private static object Number(string written) => written.AsSpan().IndexOfAny(".eE") < 0
        ? Numbers.Checked(written.Length <= 4300 ? BigInteger.Parse(written, CultureInfo.InvariantCulture)
            : throw new JinjaError("a number has more than 4300 digits"))
        : double.Parse(written, CultureInfo.InvariantCulture);
}
