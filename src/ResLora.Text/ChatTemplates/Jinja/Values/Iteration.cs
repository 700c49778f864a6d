namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>Going through values, and counting them.</summary>
internal static class Iteration
{
    /// <summary>What a loop over a value sees.</summary>
    /// <exception cref="JinjaError">The value cannot be gone through.</exception>
    public static IEnumerable<object> Of(object value) => TryOf(value)
        ?? throw new JinjaError($"'{TypeNames.Of(value)}' object is not iterable");

    /// <summary>The same; null when the value cannot be gone through.</summary>
    public static IEnumerable<object>? TryOf(object value) => value switch
    {
        string text => CodePoints.Each(text),
        Markup markup => CodePoints.Each(markup.Text),
        SequenceValue sequence => sequence.Items(),
        DictValue dict => dict.Keys,
        DictView view => view.Items(),
        OneShot once => once.Rest(),
        Undefined => [],
        _ => null,
    };

    /// <summary>All values as a list.</summary>
    public static List<object> List(Rendering rendering, object value) => List(rendering, Of(value));

    /// <summary>All values as a list.</summary>
    public static List<object> List(Rendering rendering, IEnumerable<object> values)
    {
        var list = new List<object>();
        foreach (var item in values)
        {
            rendering.Spend(1);
            list.Add(item);
        }

        return list;
    }

    /// <summary>How many there are; null when the value has no length.</summary>
    public static int? Length(object value) => value switch
    {
        string text => CodePoints.Count(text),
        Markup markup => CodePoints.Count(markup.Text),
        SequenceValue sequence => sequence.Count,
        DictValue dict => dict.Count,
        DictView view => view.Count,
        Undefined => 0,
        _ => null,
    };
}
