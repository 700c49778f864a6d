namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>
/// What a name, key or attribute stands for that is not there: an empty text and an empty list, and an error for anything else.
/// </summary>
/// <param name="message">What is not there.</param>
internal sealed class Undefined(string message)
{
    /// <summary>What is not there.</summary>
    public string Message { get; } = message;

    /// <summary>A variable that is not there.</summary>
    public static Undefined Variable(string name) => new($"'{name}' is undefined");

    /// <summary>A key or an attribute that a value does not have.</summary>
    public static Undefined Member(object owner, object key) => new(key is string name
        ? $"'{TypeNames.Long(owner)}' has no attribute '{name}'"
        : $"{TypeNames.Long(owner)} has no element {TypeNames.Short(key)}");

    /// <summary>An attribute that Python has and a template may not use.</summary>
    public static Undefined Unsafe(object owner, string name) =>
        new($"access to attribute '{name}' of '{TypeNames.Of(owner)}' object is unsafe");

    /// <summary>The error of using it.</summary>
    public JinjaError Error() => new(Message);
}
