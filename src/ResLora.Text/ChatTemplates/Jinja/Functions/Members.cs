using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>What <c>a.b</c> and <c>a[b]</c> stand for.</summary>
internal static class Members
{
    /// <summary><c>owner.name</c>: an attribute or a method, then a key.</summary>
    public static object Dotted(object owner, string name) =>
        Own(owner, name) ?? (owner is DictValue dict && dict.TryGet(name, out var value) ? value : Undefined.Member(owner, name));

    /// <summary><c>owner[key]</c>: a key or a place, then an attribute of this name.</summary>
    public static object Item(object owner, object key)
    {
        RequireDefined(owner);
        var found = owner switch
        {
            DictValue dict => DictValue.IsHashable(key) && dict.TryGet(key, out var value) ? value : null,
            SequenceValue sequence => Place(key, sequence.Count) is { } place ? sequence[place] : null,
            string or Markup => Character(PythonText.Plain(owner), key),
            _ => null,
        };
        return found ?? (key is string name ? Own(owner, name) : null) ?? Undefined.Member(owner, key);
    }

    /// <summary>An attribute or a method only, as the filter <c>attr</c> gives it.</summary>
    public static object Attribute(object owner, string name) => Own(owner, name) ?? Undefined.Member(owner, name);

    private static object? Own(object owner, string name)
    {
        RequireDefined(owner);
        if (name is ['_', '_', .., '_', '_'])
        {
            return Undefined.Unsafe(owner, name);
        }

        if (owner is IAttributes attributes)
        {
            return attributes.Attribute(name);
        }

        return MethodTable.Find(owner, name);
    }

    private static void RequireDefined(object owner)
    {
        if (owner is Undefined undefined)
        {
            throw undefined.Error();
        }
    }

    private static string? Character(string text, object key)
    {
        if (Place(key, CodePoints.Count(text)) is not { } place)
        {
            return null;
        }

        var unit = CodePoints.Unit(text, place);
        return text.Substring(unit, char.IsHighSurrogate(text[unit]) ? 2 : 1);
    }

    private static int? Place(object key, int count)
    {
        if (Numbers.Whole(key) is not { } place)
        {
            return null;
        }

        place = place < 0 ? place + count : place;
        return place >= 0 && place < count ? (int)place : null;
    }
}
