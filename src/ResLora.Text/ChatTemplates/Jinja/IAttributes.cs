namespace ResLora.Text.ChatTemplates.Jinja;

/// <summary>A value with attributes of its own.</summary>
internal interface IAttributes
{
    /// <summary>An attribute.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Its value; null when there is none of this name.</returns>
    object? Attribute(string name);
}
