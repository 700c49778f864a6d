namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>What stands between brackets with colons.</summary>
/// <param name="Start">The first place, or none.</param>
/// <param name="Stop">The place behind the last, or none.</param>
/// <param name="Step">The step, or none.</param>
internal sealed record SliceValue(object Start, object Stop, object Step);
