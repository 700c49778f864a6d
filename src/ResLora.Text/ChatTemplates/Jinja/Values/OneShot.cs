namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>Values that can be gone through once, as what <c>map</c> and <c>select</c> give.</summary>
/// <param name="items">The values; made as they are asked for.</param>
internal sealed class OneShot(IEnumerable<object> items)
{
    private IEnumerator<object>? _rest;

    /// <summary>Those that nobody has asked for yet.</summary>
    public IEnumerable<object> Rest()
    {
        _rest ??= items.GetEnumerator();
        while (_rest.MoveNext())
        {
            yield return _rest.Current;
        }
    }
}
