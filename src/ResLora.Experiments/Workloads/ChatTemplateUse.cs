namespace ResLora.Experiments.Workloads;

/// <summary>Whether prompts with completions are written with a chat template.</summary>
public enum ChatTemplateUse
{
    /// <summary>Where the model has one.</summary>
    Auto,

    /// <summary>Never: as the task writes them. Conversations still are.</summary>
    Never,
}
