namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>What a macro takes.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">Its parameters, with what stands for those that are not given.</param>
/// <param name="UsesRest">Whether it takes further arguments, as <c>varargs</c>.</param>
/// <param name="UsesNamedRest">Whether it takes arguments of other names, as <c>kwargs</c>.</param>
/// <param name="UsesCaller">Whether it takes the body of a <c>call</c> block, as <c>caller</c>.</param>
internal sealed record MacroSignature(
    string Name, IReadOnlyList<(string Name, Expression? Default)> Parameters, bool UsesRest, bool UsesNamedRest, bool UsesCaller);
