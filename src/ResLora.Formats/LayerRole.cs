using System.Text.RegularExpressions;

namespace ResLora.Formats;

/// <summary>What a layer is for: layers of one role follow each other in a network, such as all that project queries.</summary>
public static partial class LayerRole
{
    private const string Number = "*.";

    /// <summary>The usual role of a layer: its name, with a star for the first number in it.</summary>
    /// <param name="name">The dotted name, such as <c>model.layers.3.self_attn.q_proj</c>.</param>
    /// <returns>Such as <c>model.layers.*.self_attn.q_proj</c>.</returns>
    public static string Usual(string name) => FirstNumber().Replace(name, ".*.", 1);

    /// <summary>A short name for a role: what stands behind the number.</summary>
    /// <param name="role">The role.</param>
    /// <returns>Such as <c>self_attn.q_proj</c>.</returns>
    public static string NameOf(string role)
    {
        ArgumentNullException.ThrowIfNull(role);
        var star = role.IndexOf(Number, StringComparison.Ordinal);
        return star < 0 ? role : role[(star + Number.Length)..];
    }

    [GeneratedRegex(@"\.\d{1,9}\.", RegexOptions.CultureInvariant)]
    private static partial Regex FirstNumber();
}
