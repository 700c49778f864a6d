using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>What <c>cycler</c> gives: values in turn, over and over.</summary>
/// <param name="items">The values.</param>
internal sealed class Cycler(IReadOnlyList<object> items) : IAttributes
{
    private int _place = items.Count > 0 ? 0 : throw new JinjaError("at least one item has to be provided");

    public object? Attribute(string name) => name switch
    {
        "current" => items[_place],
        "items" => new TupleValue(items),
        "next" => new NativeFunction(name, "", (_, _) => Next()),
        "reset" => new NativeFunction(name, "", (_, _) =>
        {
            _place = 0;
            return NoneValue.Instance;
        }),
        _ => null,
    };

    private object Next()
    {
        var item = items[_place];
        _place = (_place + 1) % items.Count;
        return item;
    }
}
