namespace ResLora.Text.ChatTemplates.Jinja;

/// <summary>A value that can be called.</summary>
/// <param name="name">What it is called in messages.</param>
internal abstract class CallableValue(string name)
{
    /// <summary>What it is called in messages.</summary>
    public string Name { get; } = name;

    /// <summary>Calls it.</summary>
    /// <param name="rendering">The rendering.</param>
    /// <param name="arguments">What is given.</param>
    /// <returns>What comes back.</returns>
    public abstract object Call(Rendering rendering, CallArguments arguments);
}
